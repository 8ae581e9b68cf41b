package consul

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/hashicorp/consul/proto-public/pbconnectca"
	"google.golang.org/grpc/metadata"

	"souk/platform/certificate"
	"souk/platform/outage"
	"souk/platform/security"
)

// DefaultRootGrace is how long a replaced root stays trusted, unless Config says otherwise.
const DefaultRootGrace = 15 * time.Minute

// trust maps each known root, as PEM, to the end of its trust. The active root has the zero time, because its trust has no end
// yet.
type trust map[string]time.Time

// next returns the trusted roots after the authority listed these. The authority lists replaced roots for days. Each is trusted
// only for grace after its replacement, because that limits the use of a stolen certificate. The time of the replacement comes
// from the authority, so that a process that starts later knows it too. If this process's clock is behind the authority's, the
// trust ends grace after this process learned of the replacement.
func (t trust) next(listed []*pbconnectca.CARoot, now time.Time, grace time.Duration) trust {
	next := trust{}
	for _, root := range listed {
		if root.GetActive() {
			next[root.GetRootCert()] = time.Time{}
			continue
		}
		before, known := t[root.GetRootCert()]
		end := now.Add(grace)
		if known && !before.IsZero() {
			end = earlier(end, before)
		}
		// Consul sends the year 1 for an unknown time.
		switch replaced := root.GetRotatedOutAt().AsTime(); {
		case root.GetRotatedOutAt() != nil && !replaced.IsZero():
			end = earlier(end, replaced.Add(grace))
		case !known:
			end = now
		}
		next[root.GetRootCert()] = end
	}
	// An authority that lost its data does not list the old root, but certificates from it are still in use for a while.
	for pem, end := range t {
		if _, ok := next[pem]; ok {
			continue
		}
		if end.IsZero() {
			end = now.Add(grace)
		}
		if now.Before(end) {
			next[pem] = end
		}
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// active returns the active root, or "" if the authority has not answered yet.
func (t trust) active() string {
	for pem, end := range t {
		if end.IsZero() {
			return pem
		}
	}
	return ""
}

// roots returns t in the form that an identity accepts.
func (t trust) roots() []certificate.Root {
	var roots []certificate.Root
	for _, pem := range slices.Sorted(maps.Keys(t)) {
		roots = append(roots, certificate.Root{PEM: pem, Until: t[pem]})
	}
	return roots
}

// trustOf returns the trust in stored roots. No root is trusted for longer than grace from now.
func trustOf(roots []certificate.Root, now time.Time, grace time.Duration) trust {
	t := trust{}
	for _, root := range roots {
		t[root.PEM] = root.Until
		if !root.Until.IsZero() {
			t[root.PEM] = earlier(root.Until, now.Add(grace))
		}
	}
	return t
}

// followRoots receives the list of roots each time it changes, until ctx is done.
func (c *certifier) followRoots(ctx context.Context) {
	again := outage.Backoff{First: retryFirst, Most: retryMost}
	level := slog.LevelWarn
	for ctx.Err() == nil {
		err := c.watchRoots(ctx, func() { again.Reset(); level = slog.LevelWarn })
		if ctx.Err() != nil {
			return
		}
		c.logger.Log(ctx, level, "consul cannot be asked", "asked", "root certificates", "error", err)
		level = slog.LevelDebug
		again.Sleep(ctx)
	}
}

// watchRoots applies each list of roots until the stream breaks, and calls heard after each.
func (c *certifier) watchRoots(ctx context.Context, heard func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.authority.WatchRoots(c.authorized(ctx), &pbconnectca.WatchRootsRequest{})
	if err != nil {
		return err
	}
	for {
		list, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := c.take(ctx, list); err != nil {
			return err
		}
		heard()
	}
}

// authorized returns ctx with the process's token in the gRPC header that Consul reads.
func (c *certifier) authorized(ctx context.Context) context.Context {
	if c.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, tokenHeader, c.token)
}

// take trusts the listed roots, and requests a new certificate if the active root has changed.
func (c *certifier) take(ctx context.Context, list *pbconnectca.WatchRootsResponse) error {
	if list.GetActiveRootId() == "" {
		return errors.New("consul has no root certificate")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.trust.next(list.GetRoots(), time.Now(), c.grace)
	if err := c.identity.SetRoots(next.roots()...); err != nil {
		return err
	}
	wait := c.renewalAfter(list.GetRoots())
	changed := !maps.EqualFunc(c.trust, next, time.Time.Equal)
	c.trust, c.trustDomain = next, list.GetTrustDomain()
	if changed {
		c.save()
	}
	if list.GetActiveRootId() == c.activeRoot {
		return nil
	}
	if c.activeRoot != "" {
		security.Log(ctx, security.RootReplaced, list.GetActiveRootId(), slog.String("before", c.activeRoot))
	}
	c.activeRoot = list.GetActiveRootId()
	c.logger.Info("the authority has another root", "root", c.activeRoot, "certified in", wait)
	select {
	case c.rotated <- wait:
	default: // a renewal is already pending
	}
	return nil
}

// renewalAfter returns how long to keep using the present certificate, which all peers trust, after the authority listed these
// roots. If a known root is among them, a new certificate can be used at once, because Consul cross-signs a new root with the
// one it replaces. If all are unknown, Consul has lost its data; peers must learn of the new roots first.
func (c *certifier) renewalAfter(listed []*pbconnectca.CARoot) time.Duration {
	for _, root := range listed {
		if _, known := c.trust[root.GetRootCert()]; known {
			return 0
		}
	}
	if len(c.trust) == 0 {
		return 0
	}
	return heardWithin + mathrand.N(heardWithin/2)
}

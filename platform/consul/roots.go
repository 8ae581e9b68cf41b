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

// DefaultRootGrace is for how long a root is trusted once another has taken its place, unless Config says otherwise.
const DefaultRootGrace = 15 * time.Minute

// trust holds the roots that a process knows of, as PEM, and until when it trusts each. The active root has the zero time:
// there is no end to it yet.
type trust map[string]time.Time

// next returns what to trust once the authority lists these roots. It lists those that were replaced for days; each is trusted
// for grace after its replacement, and no longer, because that is what ends the use of a stolen certificate. The moment is the
// authority's, so that a process that starts later knows it too. By a clock that is slow it is that at which this process
// heard of the replacement.
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
		// Consul gives the year 1 for a moment that it does not know.
		switch replaced := root.GetRotatedOutAt().AsTime(); {
		case root.GetRotatedOutAt() != nil && !replaced.IsZero():
			end = earlier(end, replaced.Add(grace))
		case !known:
			end = now
		}
		next[root.GetRootCert()] = end
	}
	// An authority that lost its data does not list the old root, but certificates of it are still in use for a while.
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

// active returns the active root, or "" before the authority was heard.
func (t trust) active() string {
	for pem, end := range t {
		if end.IsZero() {
			return pem
		}
	}
	return ""
}

// roots returns t as an identity takes it.
func (t trust) roots() []certificate.Root {
	var roots []certificate.Root
	for _, pem := range slices.Sorted(maps.Keys(t)) {
		roots = append(roots, certificate.Root{PEM: pem, Until: t[pem]})
	}
	return roots
}

// trustOf returns what was kept, in which no root has longer than grace from now.
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

// followRoots is told of the roots, again each time they change, until ctx is done.
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

// watchRoots takes what the authority says of its roots until the stream breaks, and calls heard each time.
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

// authorized returns ctx with the process's token, as Consul's gRPC takes it.
func (c *certifier) authorized(ctx context.Context) context.Context {
	if c.token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, tokenHeader, c.token)
}

// take puts the roots in force that the authority has now.
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
	default: // it is to be renewed already
	}
	return nil
}

// renewalAfter returns how long to go on with the present certificate, which all peers trust, once these roots are listed. A
// root that replaces another is vouched for by it. Those of a Consul that lost its data are not: peers must hear of them first.
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

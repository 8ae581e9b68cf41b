package lastgood

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"souk/gateway/internal/degraded"
)

// patience is how long a request waits for catalog if an old answer is available.
const patience = time.Second

var errSlow = status.Error(codes.DeadlineExceeded, "slow")

// read describes one RPC of catalog and how its answers are cached.
type read[Req, Resp proto.Message] struct {
	method string
	part   *degraded.Part
	call   func(context.Context, Req, ...grpc.CallOption) (Resp, error)
	// keys returns the cache keys of the answer to a question.
	keys func(key, Req) []key
	// split returns the parts of an answer to cache, by their keys.
	split func(key, Req, Resp) map[key]proto.Message
	// recall assembles an answer from the cache. It returns the time at which the oldest part was current.
	recall func(key, Req) (Resp, time.Time, bool)
}

// do returns a cached answer if the request allows that and nothing has changed. Otherwise it asks catalog, sharing the call
// with other requests for the same, and returns the last good answer if catalog fails and the request allows that. The answer
// may be shared, so callers must not modify it.
func (r read[Req, Resp]) do(ctx context.Context, c *Catalog, in Req, opts []grpc.CallOption) (Resp, error) {
	var none Resp
	if markOf(ctx) == nil && !MayCopy(ctx) {
		return r.call(ctx, in, opts...)
	}
	k, err := keyOf(r.method, in)
	if err != nil {
		return none, err
	}
	if MayCopy(ctx) && c.areUnchanged(r.keys(k, in)) {
		if answer, _, ok := r.recall(k, in); ok {
			CopyHit.Inc()
			return answer, nil
		}
	}
	copyMiss.Inc()
	if Used(ctx) { // the request has already waited for catalog once
		if lastAnswer, ok := r.lastAnswer(ctx, c, k, in, errSlow); ok {
			return lastAnswer, nil
		}
	}
	f := c.flights.join(ctx, k, c.changes.Now(), r.ask(c, k, in, opts))
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-f.landed:
			return r.outcome(ctx, c, k, in, f)
		case <-timer.C:
			if lastAnswer, ok := r.lastAnswer(ctx, c, k, in, errSlow); ok {
				c.flights.leave(k, f, true)
				return lastAnswer, nil
			}
		case <-ctx.Done():
			c.flights.leave(k, f, false)
			return none, status.FromContextError(ctx.Err()).Err()
		}
	}
}

// outcome returns the answer to a request whose flight has landed.
func (r read[Req, Resp]) outcome(ctx context.Context, c *Catalog, k key, in Req, f *flight) (Resp, error) {
	if hasFailed(f.err) {
		if lastAnswer, ok := r.lastAnswer(ctx, c, k, in, f.err); ok {
			return lastAnswer, nil
		}
	}
	answer, _ := f.answer.(Resp)
	return answer, f.err
}

// lastAnswer returns the last good answer in place of the new one, which is missing because of err. It returns false if there is none
// or the request does not allow old answers.
func (r read[Req, Resp]) lastAnswer(ctx context.Context, c *Catalog, k key, in Req, err error) (Resp, bool) {
	if markOf(ctx) == nil {
		var none Resp
		return none, false
	}
	answer, at, ok := r.recall(k, in)
	if ok {
		copyStale.Inc()
		copyAge.Observe(time.Since(at).Seconds())
		Use(ctx, at)
		r.part.Report(ctx, c.logger, err)
	}
	return answer, ok
}

// ask returns the call of a flight. It clones in, because the call may outlive the request, and the caller may change in
// afterwards.
func (r read[Req, Resp]) ask(c *Catalog, k key, in Req, opts []grpc.CallOption) ask {
	in = proto.CloneOf(in)
	return func(ctx context.Context) (proto.Message, func(), error) {
		begun, moment := time.Now(), c.changes.Now()
		answer, err := r.call(ctx, in, opts...)
		switch {
		case err == nil:
			return answer, r.cacheFunc(c, k, in, answer, cachedMessage{at: begun, moment: moment}), nil
		case hasFailed(err) || status.Code(err) == codes.Canceled:
			return nil, func() {}, err
		default: // an error such as NOT_FOUND is a valid answer
			return nil, func() { c.store.forget(k) }, err
		}
	}
}

// cacheFunc returns the function that caches an answer. It does the slow work, encoding, before that function runs under a lock.
func (r read[Req, Resp]) cacheFunc(c *Catalog, k key, in Req, answer Resp, entry cachedMessage) func() {
	parts := r.split(k, in, answer)
	entries := make(map[key]cachedMessage, len(parts))
	for k, part := range parts {
		content, err := proto.Marshal(part)
		if err != nil {
			return func() {}
		}
		entry.content, entry.product = content, productOf(part)
		entries[k] = entry
	}
	return func() {
		for k, entry := range entries {
			c.store.answers.Set(k, entry)
		}
	}
}

// hasFailed reports whether err means that the owner failed, as opposed to an answer such as NOT_FOUND.
func hasFailed(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted, codes.Unknown:
		return true
	default:
		return false
	}
}

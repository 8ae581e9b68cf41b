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

// patience is how long a request waits for a new answer when there is an old one.
const patience = time.Second

var errSlow = status.Error(codes.DeadlineExceeded, "slow")

// read is one way to ask catalog.
type read[Req, Resp proto.Message] struct {
	method string
	part   *degraded.Part
	call   func(context.Context, Req, ...grpc.CallOption) (Resp, error)
	// keys returns those under which the answer to the question that has the key is kept.
	keys func(key, Req) []key
	// split returns what is kept of a good answer to the question that has the key.
	split func(key, Req, Resp) map[key]proto.Message
	// recall puts the last good answer together, and returns when its oldest part was good.
	recall func(key, Req) (Resp, time.Time, bool)
}

// do returns what is kept if the request allows it and nothing of it has changed. Else it asks catalog, together with all who ask the
// same at the moment, and falls back on the last good answer where the request allows that. The answer may be shared: nobody
// changes it.
func (r read[Req, Resp]) do(ctx context.Context, c *Catalog, in Req, opts []grpc.CallOption) (Resp, error) {
	var none Resp
	if markOf(ctx) == nil && !MayCopy(ctx) {
		return r.call(ctx, in, opts...)
	}
	k, err := keyOf(r.method, in)
	if err != nil {
		return none, err
	}
	if MayCopy(ctx) && c.hold(r.keys(k, in)) {
		if answer, _, ok := r.recall(k, in); ok {
			return answer, nil
		}
	}
	if Used(ctx) { // it does not wait for an unwell catalog twice
		if old, ok := r.old(ctx, c, k, in, errSlow); ok {
			return old, nil
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
			if old, ok := r.old(ctx, c, k, in, errSlow); ok {
				c.flights.leave(k, f, true)
				return old, nil
			}
		case <-ctx.Done():
			c.flights.leave(k, f, false)
			return none, status.FromContextError(ctx.Err()).Err()
		}
	}
}

// outcome is what a request gets of a flight that has landed.
func (r read[Req, Resp]) outcome(ctx context.Context, c *Catalog, k key, in Req, f *flight) (Resp, error) {
	if unwell(f.err) {
		if old, ok := r.old(ctx, c, k, in, f.err); ok {
			return old, nil
		}
	}
	answer, _ := f.answer.(Resp)
	return answer, f.err
}

// old returns the last good answer, if there is one, in place of the new one that is missing because of err.
func (r read[Req, Resp]) old(ctx context.Context, c *Catalog, k key, in Req, err error) (Resp, bool) {
	if markOf(ctx) == nil {
		var none Resp
		return none, false
	}
	answer, at, ok := r.recall(k, in)
	if ok {
		Use(ctx, at)
		r.part.Report(ctx, c.logger, err)
	}
	return answer, ok
}

// ask makes the call of a flight. The flight may outlive its caller, who may change in then.
func (r read[Req, Resp]) ask(c *Catalog, k key, in Req, opts []grpc.CallOption) ask {
	in = proto.CloneOf(in)
	return func(ctx context.Context) (proto.Message, func(), error) {
		begun, moment := time.Now(), c.changes.Now()
		answer, err := r.call(ctx, in, opts...)
		switch {
		case err == nil:
			return answer, r.keeping(c, k, in, answer, kept{at: begun, moment: moment}), nil
		case unwell(err) || status.Code(err) == codes.Canceled:
			return nil, func() {}, err
		default: // NOT_FOUND is an answer as well
			return nil, func() { c.store.forget(k) }, err
		}
	}
}

// keeping returns the function that keeps an answer. What takes time is done before.
func (r read[Req, Resp]) keeping(c *Catalog, k key, in Req, answer Resp, entry kept) func() {
	parts := r.split(k, in, answer)
	entries := make(map[key]kept, len(parts))
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

// unwell reports whether err says that the owner is unwell, rather than being its answer.
func unwell(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted, codes.Unknown:
		return true
	default:
		return false
	}
}

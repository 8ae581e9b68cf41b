package rpc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/idempotency"
)

const (
	// The suffix "-bin" allows a key to contain any bytes.
	keyHeader    = "idempotency-key-bin"
	replayHeader = "idempotent-replay"
)

// request is an HTTP request with an idempotency key.
type request struct {
	key      string
	replayed atomic.Bool
}

type requestKey struct{}

// WithKey returns ctx for an HTTP request with an idempotency key. Calls made with ctx to RPCs that honor keys carry the key.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, requestKey{}, &request{key: key})
}

// MarkReplayed records that the answer to the request of WithKey was first given to an earlier request.
func MarkReplayed(ctx context.Context) {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		r.replayed.Store(true)
	}
}

// Replayed reports whether MarkReplayed was called for the request of WithKey.
func Replayed(ctx context.Context) bool {
	r, ok := ctx.Value(requestKey{}).(*request)
	return ok && r.replayed.Load()
}

// forwardKey sends the idempotency key to an RPC that honors one. It runs outside the retries, so that all attempts have the
// same key.
func forwardKey(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	key, use := "", keyUses()[method]
	if r, ok := ctx.Value(requestKey{}).(*request); ok && use != accessv1.KeyUse_KEY_USE_UNSPECIFIED {
		key = r.key
	} else if use == accessv1.KeyUse_KEY_USE_NEEDED {
		key = uuid.NewString()
	}
	if key == "" {
		return invoke(ctx, method, req, reply, cc, opts...)
	}
	var header metadata.MD
	err := invoke(metadata.AppendToOutgoingContext(ctx, keyHeader, key), method, req, reply, cc, append(opts[:len(opts):len(opts)], grpc.Header(&header))...)
	if len(header.Get(replayHeader)) > 0 {
		MarkReplayed(ctx)
	}
	return err
}

// keyUses maps the full name of each RPC of the shop to its use of idempotency keys.
var keyUses = sync.OnceValue(func() map[string]accessv1.KeyUse {
	uses := map[string]accessv1.KeyUse{}
	eachMethod(func(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
		use, _ := proto.GetExtension(method.Options(), accessv1.E_KeyUse).(accessv1.KeyUse)
		uses[fmt.Sprintf("/%s/%s", service.FullName(), method.Name())] = use
	})
	return uses
})

// Once answers a call to an RPC that honors idempotency keys. It runs work once for each key; later calls with the key get the
// first answer. Without a key, it runs work for each call.
func Once[Req, Resp proto.Message](ctx context.Context, keeper idempotency.Keeper, req Req, work func(context.Context) (Resp, error)) (Resp, error) {
	var none Resp
	use, err := Keyed(ctx, req)
	switch {
	case err != nil:
		return none, err
	case use == nil:
		return work(ctx)
	}
	answer, err := keeper.Do(ctx, *use, func(ctx context.Context) ([]byte, error) {
		answer, err := work(ctx)
		if err != nil {
			return nil, err
		}
		return proto.Marshal(answer)
	})
	if err != nil {
		return none, keyError(err)
	}
	first := none.ProtoReflect().New().Interface().(Resp)
	if err := proto.Unmarshal(answer.Content, first); err != nil {
		return none, fmt.Errorf("read the first answer to an idempotency key: %w", err)
	}
	if answer.Replayed {
		return first, TellReplay(ctx)
	}
	return first, nil
}

// TellReplay tells the caller that the answer was first given to an earlier request.
func TellReplay(ctx context.Context) error {
	return grpc.SetHeader(ctx, metadata.Pairs(replayHeader, "true"))
}

// Keyed returns the use of the idempotency key in a call, or nil for a call without a key. Only handlers that store the key in
// the same document as their change call it; other handlers use Once. The fingerprint is computed from the request's wire form.
// That form omits fields that are not set, so a new field in the contract does not change the fingerprint of an old client's
// request.
func Keyed(ctx context.Context, req proto.Message) (*idempotency.Request, error) {
	keys := metadata.ValueFromIncomingContext(ctx, keyHeader)
	if len(keys) == 0 {
		return nil, nil
	}
	var check field.Checker
	idempotency.CheckKey(&check, "Idempotency-Key", keys[0])
	if err := check.Err(); err != nil {
		return nil, err
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return nil, err
	}
	fingerprint := sha256.Sum256(content)
	method, _ := grpc.Method(ctx)
	return &idempotency.Request{
		Caller: callerName(access.FromContext(ctx)), Method: method, Key: keys[0], Fingerprint: fingerprint[:],
		RequestID: RequestID(ctx), Retried: Retried(ctx),
	}, nil
}

// callerName returns the owner of a key: the customer or the client, or the calling service if there is none.
func callerName(caller access.Caller) string {
	if caller.Known() {
		return caller.ID()
	}
	return "service " + caller.Service
}

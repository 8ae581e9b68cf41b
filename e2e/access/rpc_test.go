package access_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/deploy/local/stack"
	"souk/e2e/access"
	platformaccess "souk/platform/access"
	"souk/platform/rpc"
)

// rpcCaller is who calls an RPC: a service, on its own account or for whoever has the token.
type rpcCaller struct {
	name, service, token string
	// whom the token speaks for, and what it allows.
	customer, guest, bad bool
	scopes               []accessv1.Scope
}

// rpcCallers are those that the gateway calls for, and every service on its own account, with and without a staff token.
// Staff have every scope, one of them, or none. The tokens are of nobody: what an RPC does for them does no harm to the other tests.
func rpcCallers(t *testing.T) []rpcCaller {
	t.Helper()
	header, claims := parts(t, newPeople(t).account(ada).Token)
	token := func(changes object) string {
		return signed(t, key(t), header, with(claims, with(changes, object{"sub": uuid.NewString()})))
	}
	all, earlier := platformaccess.AllScopes(), token(object{"roles": []string{"customer", "staff"}})
	ofStaff := token(object{"scope": platformaccess.ScopeText(all)})
	callers := []rpcCaller{
		{name: "a customer", service: stack.Gateway, token: token(nil), customer: true},
		{name: "staff", service: stack.Gateway, token: ofStaff, customer: true, scopes: all},
		{name: "staff, with a token of an earlier version", service: stack.Gateway, token: earlier, customer: true, scopes: all},
		{name: "staff without a scope", service: stack.Gateway, token: token(object{"roles": []string{"customer", "staff"}, "scope": ""}), customer: true},
		{name: "a guest", service: stack.Gateway, token: token(object{"roles": []string{"guest"}}), guest: true},
		{name: "an expired token", service: stack.Gateway, token: token(object{"exp": past()}), bad: true},
		{name: "a garbage token", service: stack.Gateway, token: "not.a.token", bad: true},
		{name: "nobody, without a certificate"},
		{name: "staff, without a certificate", token: ofStaff, customer: true, scopes: all},
	}
	for _, scope := range all {
		name := platformaccess.ScopeName(scope)
		callers = append(callers, rpcCaller{
			name: "staff with " + name, service: stack.Gateway, token: token(object{"scope": name}), customer: true, scopes: []accessv1.Scope{scope},
		})
	}
	for _, name := range append([]string{stack.Gateway, stack.Audit, "stranger"}, stack.Services...) {
		callers = append(callers, rpcCaller{name: name, service: name},
			rpcCaller{name: name + " with a staff token", service: name, token: ofStaff, customer: true, scopes: all})
	}
	return callers
}

// expected is what the rule says of the caller; OK stands for being let through.
func (c *rpcCaller) expected(r access.RPC) codes.Code {
	rule := r.Rule
	switch {
	case c.service == "":
		return codes.Unauthenticated
	case !slices.Contains(r.Callers, c.service):
		return codes.PermissionDenied
	case c.bad:
		return codes.Unauthenticated
	case rule.GetAnyone() && !c.guest, rule.GetGuest() && c.guest, rule.GetCustomer() && c.customer,
		slices.Contains(c.scopes, rule.GetScope()), slices.Contains(rule.GetServices(), c.service):
		return codes.OK
	case !c.customer && !c.guest && (rule.GetCustomer() || rule.GetScope() != 0):
		return codes.Unauthenticated
	default:
		return codes.PermissionDenied
	}
}

func TestEveryRPCAdmitsTheCallersOfItsRule(t *testing.T) {
	t.Parallel()
	callers := rpcCallers(t)
	conns := connections(t)
	for _, r := range rpcs {
		for _, caller := range callers {
			err := call(t, conns(r.Server(), caller.service), r, caller.token, newMessage(t, r.Method.Input()))
			want, code := caller.expected(r), status.Code(err)
			switch {
			case want == codes.OK && !letThrough(err):
				t.Errorf("%s for %s: %v, want it let through", r.Path(), caller.name, err)
			case want != codes.OK && (code != want || rpc.Reason(err) != ""):
				t.Errorf("%s for %s: %v, want %s of the guard", r.Path(), caller.name, err, want)
			}
		}
	}
	t.Logf("measured: %d RPCs × %d callers", len(rpcs), len(callers))
}

// letThrough reports whether err comes from the RPC itself, whatever it thinks of an empty request: its refusals have
// reasons, those of the guard have none.
func letThrough(err error) bool {
	switch status.Code(err) {
	case codes.PermissionDenied, codes.Unauthenticated:
		return rpc.Reason(err) != ""
	case codes.Internal, codes.Unknown, codes.Unimplemented, codes.Unavailable, codes.DeadlineExceeded:
		return false
	default:
		return true
	}
}

// connections returns what finds or makes the connection to a service as another, which is "" for one without a certificate.
func connections(t *testing.T) func(service, self string) *grpc.ClientConn {
	t.Helper()
	made := map[[2]string]*grpc.ClientConn{}
	return func(service, self string) *grpc.ClientConn {
		pair := [2]string{service, self}
		if made[pair] == nil {
			made[pair] = dialAs(t, service, self)
		}
		return made[pair]
	}
}

// call calls an RPC with one request, be it a stream or not: on the wire they are the same. UNAVAILABLE is waited out.
func call(t *testing.T, conn *grpc.ClientConn, r access.RPC, token string, req proto.Message) error {
	t.Helper()
	ctx, cancel := requestContext()
	defer cancel()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	answer := newMessage(t, r.Method.Output())
	var err error
	eventually(t, r.Path()+" is answered", func() bool {
		err = invoke(ctx, conn, r, req, answer)
		return status.Code(err) != codes.Unavailable
	})
	return err
}

func invoke(ctx context.Context, conn *grpc.ClientConn, r access.RPC, req, answer proto.Message) error {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: r.Method.IsStreamingServer()}, r.Path())
	if err != nil {
		return err
	}
	// An error here means that the answer is there already; RecvMsg says what it is.
	if err := stream.SendMsg(req); err == nil {
		_ = stream.CloseSend()
	}
	return stream.RecvMsg(answer)
}

// newMessage returns an empty message of that type.
func newMessage(t *testing.T, descriptor protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	message, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return message.New().Interface()
}

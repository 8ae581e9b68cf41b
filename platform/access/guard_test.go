package access_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
)

// rules are the RPCs of the tests' service, by name.
var rules = map[string]*accessv1.Rule{
	"Anyone":          {Anyone: true},
	"Customer":        {Customer: true},
	"Staff":           {Staff: true},
	"CustomerOrStaff": {Customer: true, Staff: true},
	"Orders":          {Services: []string{"orders"}},
	"StaffOrServices": {Staff: true, Services: []string{"gateway", "orders"}},
	"Nobody":          {},
}

const (
	service  = "souk.accesstest.v1.TestService"
	ruleless = "souk.accesstest.v1.RulelessService"
)

// describe makes the tests' services known like those of proto/.
var describe = sync.OnceValue(func() error {
	method := func(name string, rule *accessv1.Rule) *descriptorpb.MethodDescriptorProto {
		m := &descriptorpb.MethodDescriptorProto{
			Name: proto.String(name), InputType: proto.String(".google.protobuf.Empty"), OutputType: proto.String(".google.protobuf.Empty"),
		}
		if rule != nil {
			m.Options = &descriptorpb.MethodOptions{}
			proto.SetExtension(m.Options, accessv1.E_Rule, rule)
		}
		return m
	}
	ruled := &descriptorpb.ServiceDescriptorProto{Name: proto.String("TestService")}
	for name, rule := range rules {
		ruled.Method = append(ruled.Method, method(name, rule), method(name+"Stream", rule))
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("accesstest.proto"), Package: proto.String("souk.accesstest.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"google/protobuf/empty.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{
			ruled, {Name: proto.String("RulelessService"), Method: []*descriptorpb.MethodDescriptorProto{method("Forgotten", nil)}},
		},
	}, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(file)
})

// world is a server behind a guard; its RPCs tell whom they were called by.
type world struct {
	*issuer
	conn *grpc.ClientConn

	mu     sync.Mutex
	caller access.Caller
	token  []string
}

func (w *world) record(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.caller = access.FromContext(ctx)
	outgoing, _ := metadata.FromOutgoingContext(access.Outgoing(ctx, "next"))
	w.token = outgoing.Get("authorization")
}

// descriptorOf describes a service whose RPCs all do the same.
func (w *world) descriptorOf() *grpc.ServiceDesc {
	desc := &grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil)}
	for name := range rules {
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: name,
			Handler: func(_ any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
				req := &emptypb.Empty{}
				if err := decode(req); err != nil {
					return nil, err
				}
				return interceptor(ctx, req, &grpc.UnaryServerInfo{FullMethod: "/" + service + "/" + name},
					func(ctx context.Context, _ any) (any, error) {
						w.record(ctx)
						return &emptypb.Empty{}, nil
					})
			}})
		desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: name + "Stream", ServerStreams: true,
			Handler: func(_ any, stream grpc.ServerStream) error {
				w.record(stream.Context())
				return stream.SendMsg(&emptypb.Empty{})
			}})
	}
	return desc
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if err := describe(); err != nil {
		t.Fatal(err)
	}
	w := &world{issuer: newIssuer(t)}
	guard := access.NewGuard(access.NewVerifier(w))
	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary), grpc.StreamInterceptor(guard.Stream))
	server.RegisterService(w.descriptorOf(), w)
	healthv1.RegisterHealthServer(server, health.NewServer())
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	w.conn = serve(t, server)
	return w
}

// serve returns a connection to server.
func serve(t *testing.T, server *grpc.Server) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///world", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// call calls an RPC and the stream of the same rule, whose answers must agree.
func (w *world) call(t *testing.T, rpc string, headers ...string) codes.Code {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(t.Context(), headers...)
	unary := status.Code(w.conn.Invoke(ctx, "/"+service+"/"+rpc, &emptypb.Empty{}, &emptypb.Empty{}))
	stream, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/"+service+"/"+rpc+"Stream")
	if err == nil {
		err = errors.Join(stream.SendMsg(&emptypb.Empty{}), stream.CloseSend())
	}
	if err == nil {
		err = stream.RecvMsg(&emptypb.Empty{})
	}
	if streamed := status.Code(err); streamed != unary {
		t.Errorf("%s: the RPC answers %v, its stream %v", rpc, unary, streamed)
	}
	return unary
}

func TestEachRPCAdmitsThoseItsRuleNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const (
		ok        = codes.OK
		stranger  = codes.Unauthenticated
		forbidden = codes.PermissionDenied
	)
	callers := map[string][]string{
		"nobody":            nil,
		"customer":          {"authorization", "Bearer " + w.sign(t, header(), claims())},
		"staff":             {"authorization", "Bearer " + w.sign(t, header(), claims("staff"))},
		"orders":            {"x-souk-service", "orders"},
		"carts":             {"x-souk-service", "carts"},
		"gateway":           {"x-souk-service", "gateway", "authorization", "Bearer " + w.sign(t, header(), claims())},
		"nameless service":  {"x-souk-service", ""},
		"two services":      {"x-souk-service", "carts", "x-souk-service", "orders"},
		"bad token":         {"authorization", "Bearer x"},
		"orders, bad token": {"x-souk-service", "orders", "authorization", "Bearer x"},
		"basic":             {"authorization", "Basic eDp5"},
	}
	want := map[string]map[string]codes.Code{
		"Anyone": {
			"nobody": ok, "customer": ok, "staff": ok, "orders": ok, "carts": ok, "gateway": ok, "nameless service": ok, "two services": ok,
			"bad token": stranger, "orders, bad token": stranger, "basic": ok,
		},
		"Customer": {
			"nobody": stranger, "customer": ok, "staff": ok, "orders": stranger, "carts": stranger, "gateway": ok,
			"nameless service": stranger, "two services": stranger, "bad token": stranger, "orders, bad token": stranger, "basic": stranger,
		},
		"Staff": {
			"nobody": stranger, "customer": forbidden, "staff": ok, "orders": stranger, "carts": stranger, "gateway": forbidden,
			"nameless service": stranger, "two services": stranger, "bad token": stranger, "orders, bad token": stranger, "basic": stranger,
		},
		"CustomerOrStaff": {
			"nobody": stranger, "customer": ok, "staff": ok, "orders": stranger, "carts": stranger, "gateway": ok,
			"nameless service": stranger, "two services": stranger, "bad token": stranger, "orders, bad token": stranger, "basic": stranger,
		},
		"Orders": {
			"nobody": forbidden, "customer": forbidden, "staff": forbidden, "orders": ok, "carts": forbidden, "gateway": forbidden,
			"nameless service": forbidden, "two services": forbidden, "bad token": stranger, "orders, bad token": stranger, "basic": forbidden,
		},
		"StaffOrServices": {
			"nobody": stranger, "customer": forbidden, "staff": ok, "orders": ok, "carts": stranger, "gateway": ok,
			"nameless service": stranger, "two services": stranger, "bad token": stranger, "orders, bad token": stranger, "basic": stranger,
		},
		"Nobody": {
			"nobody": forbidden, "customer": forbidden, "staff": forbidden, "orders": forbidden, "carts": forbidden, "gateway": forbidden,
			"nameless service": forbidden, "two services": forbidden, "bad token": stranger, "orders, bad token": stranger, "basic": forbidden,
		},
	}
	for rpc := range rules {
		for name, headers := range callers {
			t.Run(rpc+"/"+name, func(t *testing.T) {
				t.Parallel()
				if got := w.call(t, rpc, headers...); got != want[rpc][name] {
					t.Errorf("%v, want %v", got, want[rpc][name])
				}
			})
		}
	}
}

func TestAnRPCKnowsItsCallerAndCanSpeakForHim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.sign(t, header(), claims("staff"))
	if code := w.call(t, "Anyone", "authorization", "Bearer "+token, "x-souk-service", "gateway"); code != codes.OK {
		t.Fatal(code)
	}
	want := "{CustomerID:customer-1 SessionID:session-1 Roles:[staff] Service:gateway}"
	if got := fmt.Sprintf("%+v", w.caller); got != want || strings.Join(w.token, " ") != "Bearer "+token {
		t.Errorf("called by %s, next call has the tokens %q", got, w.token)
	}
	if code := w.call(t, "Anyone"); code != codes.OK || w.caller.Authenticated() || w.token != nil {
		t.Errorf("%v, called by %+v, next call has the tokens %q", code, w.caller, w.token)
	}
}

func TestWithoutKeysACallWithATokenIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.sign(t, header(), claims())
	w.err = access.ErrKeysUnavailable
	if code := w.call(t, "Customer", "authorization", "Bearer "+token); code != codes.Unavailable {
		t.Errorf("%v, want %v", code, codes.Unavailable)
	}
	if code := w.call(t, "Anyone"); code != codes.OK {
		t.Errorf("a call without a token: %v", code)
	}
}

func TestTheReasonOfABadTokenIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.sign(t, header().with(object{"kid": "k2"}), claims()))
	err := w.conn.Invoke(ctx, "/"+service+"/Customer", &emptypb.Empty{}, &emptypb.Empty{})
	if got := status.Convert(err).Message(); got != access.ErrInvalidToken.Error() {
		t.Errorf("told %q", got)
	}
}

func TestHealthIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer, err := healthv1.NewHealthClient(w.conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("%v, %v", answer, err)
	}
}

func TestAServerWithAnRPCThatHasNoRuleDoesNotStart(t *testing.T) {
	t.Parallel()
	if err := describe(); err != nil {
		t.Fatal(err)
	}
	for name, method := range map[string]string{ruleless: "Forgotten", "souk.accesstest.v1.UnknownService": "Anything", service: "Unwritten"} {
		server := grpc.NewServer()
		server.RegisterService(&grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: method}}}, &world{})
		err := access.NewGuard(nil).Learn(server)
		if err == nil || !strings.Contains(err.Error(), name+"."+method) {
			t.Errorf("%s.%s: %v, want an error that names it", name, method, err)
		}
	}
}

func TestAnRPCThatTheGuardDidNotLearnAdmitsNobody(t *testing.T) {
	t.Parallel()
	w := &world{issuer: newIssuer(t)}
	guard := access.NewGuard(access.NewVerifier(w))
	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary), grpc.StreamInterceptor(guard.Stream))
	server.RegisterService(w.descriptorOf(), w)
	w.conn = serve(t, server)
	if code := w.call(t, "Anyone", "authorization", "Bearer "+w.sign(t, header(), claims("staff"))); code != codes.PermissionDenied {
		t.Errorf("%v", code)
	}
}

package access_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
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
	"souk/platform/certificate"
	"souk/platform/security"
	"souk/testkit/certtest"
	"souk/testkit/securitytest"
)

// rules are the RPCs of the test service by name.
var rules = map[string]*accessv1.Rule{
	"Anyone":          {Anyone: true},
	"Customer":        {Customer: true},
	"Staff":           {Scope: accessv1.Scope_SCOPE_ORDERS_READ},
	"CustomerOrStaff": {Customer: true, Scope: accessv1.Scope_SCOPE_ORDERS_READ},
	"Orders":          {Services: []string{"orders"}},
	"StaffOrServices": {Scope: accessv1.Scope_SCOPE_ORDERS_READ, Services: []string{"gateway", "orders"}},
	"Nobody":          {},
}

const (
	service    = "souk.accesstest.v1.TestService"
	ruleless   = "souk.accesstest.v1.RulelessService"
	callerless = "souk.accesstest.v1.CallerlessService"
	misruled   = "souk.accesstest.v1.MisruledService"
)

// mayCall names the services that may call the test service.
var mayCall = &accessv1.Callers{Services: []string{"gateway", "orders", "carts"}}

// describe registers the descriptors of the test services, as the generated code of proto/ does for real ones.
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
	withCallers := &descriptorpb.ServiceOptions{}
	proto.SetExtension(withCallers, accessv1.E_Callers, mayCall)
	ruled := &descriptorpb.ServiceDescriptorProto{Name: proto.String("TestService"), Options: withCallers}
	for name, rule := range rules {
		ruled.Method = append(ruled.Method, method(name, rule), method(name+"Stream", rule))
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("accesstest.proto"), Package: proto.String("souk.accesstest.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"google/protobuf/empty.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{
			ruled,
			{Name: proto.String("RulelessService"), Options: withCallers, Method: []*descriptorpb.MethodDescriptorProto{method("Forgotten", nil)}},
			{Name: proto.String("CallerlessService"), Method: []*descriptorpb.MethodDescriptorProto{method("Anyone", &accessv1.Rule{Anyone: true})}},
			{Name: proto.String("MisruledService"), Options: withCallers, Method: []*descriptorpb.MethodDescriptorProto{
				method("Mistaken", &accessv1.Rule{Customer: true, Owned: []string{"order_id"}}),
			}},
		},
	}, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(file)
})

// world is a server behind a guard. Its RPCs record their callers.
type world struct {
	*issuer
	authority *certtest.Authority
	listener  *bufconn.Listener
	events    securitytest.Events

	mu     sync.Mutex
	caller access.Caller
	token  string
	// forwarded holds the tokens that calls made by the RPC would carry.
	forwarded []string
}

func (w *world) record(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.caller = access.FromContext(ctx)
	outgoing, _ := metadata.FromOutgoingContext(access.Outgoing(ctx))
	w.token, w.forwarded = access.Token(ctx), outgoing.Get("authorization")
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
	var err error
	if w.authority, err = certtest.New(); err != nil {
		t.Fatal(err)
	}
	guard := access.NewGuard(access.NewVerifier(w))
	server := w.newServer(t, guard)
	server.RegisterService(w.descriptorOf(), w)
	healthv1.RegisterHealthServer(server, health.NewServer())
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	w.serve(t, server)
	return w
}

// newServer returns a server with a certificate of "callee".
func (w *world) newServer(t *testing.T, guard *access.Guard) *grpc.Server {
	t.Helper()
	identity, err := w.authority.Identity("callee")
	if err != nil {
		t.Fatal(err)
	}
	return grpc.NewServer(grpc.Creds(credentials.NewTLS(identity.Server())),
		grpc.ChainUnaryInterceptor(w.withEvents, guard.Unary), grpc.StreamInterceptor(guard.Stream))
}

func (w *world) withEvents(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	return next(security.With(ctx, w.events.Journal(), "request"), req)
}

func (w *world) serve(t *testing.T, server *grpc.Server) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	w.listener = listener
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
}

// dial connects to the server as the service named caller, or without a certificate if caller is "".
func (w *world) dial(t *testing.T, caller string) *grpc.ClientConn {
	t.Helper()
	identity := certificate.New()
	if err := identity.SetRoots(w.authority.Root()); err != nil {
		t.Fatal(err)
	}
	config := identity.Client("callee")
	if caller != "" {
		identity, err := w.authority.Identity(caller)
		if err != nil {
			t.Fatal(err)
		}
		config = identity.Client("callee")
	} else {
		config.InsecureSkipVerify, config.VerifyConnection, config.GetClientCertificate = true, nil, nil
	}
	conn, err := grpc.NewClient("passthrough:///world", grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return w.listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// call makes a unary and a streaming call with the same rule. Both must end with the same code.
func (w *world) call(t *testing.T, caller, rpc string, headers ...string) codes.Code {
	t.Helper()
	conn := w.dial(t, caller)
	ctx := metadata.AppendToOutgoingContext(t.Context(), headers...)
	unary := status.Code(conn.Invoke(ctx, "/"+service+"/"+rpc, &emptypb.Empty{}, &emptypb.Empty{}))
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/"+service+"/"+rpc+"Stream")
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
	customer := []string{"authorization", "Bearer " + w.sign(t, header(), claims())}
	staff := []string{"authorization", "Bearer " + w.sign(t, header(), claims("staff"))}
	bad := []string{"authorization", "Bearer x"}
	callers := map[string]struct {
		service string
		headers []string
	}{
		"nobody":               {"gateway", nil},
		"customer":             {"gateway", customer},
		"staff":                {"gateway", staff},
		"bad token":            {"gateway", bad},
		"two tokens":           {"gateway", slices.Concat(customer, customer)},
		"basic":                {"gateway", []string{"authorization", "Basic eDp5"}},
		"orders":               {"orders", nil},
		"orders, customer":     {"orders", customer},
		"orders, bad token":    {"orders", bad},
		"carts":                {"carts", nil},
		"catalog":              {"catalog", nil},
		"catalog, staff":       {"catalog", staff},
		"no certificate":       {"", nil},
		"staff, no cert":       {"", staff},
		"a name in the header": {"carts", []string{"x-souk-service", "orders"}},
	}
	// These callers are refused under every rule.
	never := map[string]codes.Code{
		"catalog": forbidden, "catalog, staff": forbidden, "no certificate": stranger, "staff, no cert": stranger,
		"bad token": stranger, "two tokens": stranger, "orders, bad token": stranger,
	}
	want := map[string]map[string]codes.Code{
		"Anyone": {
			"nobody": ok, "customer": ok, "staff": ok, "basic": ok, "orders": ok, "orders, customer": ok, "carts": ok, "a name in the header": ok,
		},
		"Customer": {
			"nobody": stranger, "customer": ok, "staff": ok, "basic": stranger, "orders": stranger, "orders, customer": ok,
			"carts": stranger, "a name in the header": stranger,
		},
		"Staff": {
			"nobody": stranger, "customer": forbidden, "staff": ok, "basic": stranger, "orders": stranger, "orders, customer": forbidden,
			"carts": stranger, "a name in the header": stranger,
		},
		"CustomerOrStaff": {
			"nobody": stranger, "customer": ok, "staff": ok, "basic": stranger, "orders": stranger, "orders, customer": ok,
			"carts": stranger, "a name in the header": stranger,
		},
		"Orders": {
			"nobody": forbidden, "customer": forbidden, "staff": forbidden, "basic": forbidden, "orders": ok, "orders, customer": ok,
			"carts": forbidden, "a name in the header": forbidden,
		},
		"StaffOrServices": {
			"nobody": ok, "customer": ok, "staff": ok, "basic": ok, "orders": ok, "orders, customer": ok,
			"carts": stranger, "a name in the header": stranger,
		},
		"Nobody": {
			"nobody": forbidden, "customer": forbidden, "staff": forbidden, "basic": forbidden, "orders": forbidden, "orders, customer": forbidden,
			"carts": forbidden, "a name in the header": forbidden,
		},
	}
	for rpc := range rules {
		for name, caller := range callers {
			t.Run(rpc+"/"+name, func(t *testing.T) {
				t.Parallel()
				expected, refused := never[name]
				if !refused {
					expected = want[rpc][name]
				}
				if got := w.call(t, caller.service, rpc, caller.headers...); got != expected {
					t.Errorf("%v, want %v", got, expected)
				}
			})
		}
	}
}

func TestAnRPCKnowsItsCallerAndForwardsItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	staff := claims("staff").with(object{"scope": "orders:read audit:read"})
	token := w.sign(t, header(), staff)
	if code := w.call(t, "gateway", "Anyone", "authorization", "Bearer "+token); code != codes.OK {
		t.Fatal(code)
	}
	end := time.Unix(staff["exp"].(int64), 0)
	want := fmt.Sprintf("{CustomerID:customer-1 SessionID:session-1 Guest:false ClientID: Scopes:[SCOPE_ORDERS_READ SCOPE_AUDIT_READ] Withheld:[] ExpiresAt:%v Service:gateway}", end)
	if got := fmt.Sprintf("%+v", w.caller); got != want || w.token != token || strings.Join(w.forwarded, " ") != "Bearer "+token {
		t.Errorf("caller %s, token %q, next call carries the tokens %q", got, w.token, w.forwarded)
	}
	if code := w.call(t, "gateway", "Anyone"); code != codes.OK || w.caller.Authenticated() || w.token != "" || w.forwarded != nil {
		t.Errorf("%v, caller %+v, token %q, next call carries the tokens %q", code, w.caller, w.token, w.forwarded)
	}
}

func TestWithoutKeysACallWithATokenIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.sign(t, header(), claims())
	w.err = access.ErrKeysUnavailable
	if code := w.call(t, "gateway", "Customer", "authorization", "Bearer "+token); code != codes.Unavailable {
		t.Errorf("%v, want %v", code, codes.Unavailable)
	}
	if code := w.call(t, "gateway", "Anyone"); code != codes.OK {
		t.Errorf("a call without a token: %v", code)
	}
}

func TestTheReasonOfAnInvalidTokenIsNotRevealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.sign(t, header().with(object{"kid": "k2"}), claims()))
	err := w.dial(t, "gateway").Invoke(ctx, "/"+service+"/Customer", &emptypb.Empty{}, &emptypb.Empty{})
	if got := status.Convert(err).Message(); got != access.ErrInvalidToken.Error() {
		t.Errorf("told %q", got)
	}
}

func TestHealthChecksNeedNoCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer, err := healthv1.NewHealthClient(w.dial(t, "")).Check(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("%v, %v", answer, err)
	}
}

func TestLearnFailsForAnRPCWithoutARule(t *testing.T) {
	t.Parallel()
	if err := describe(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		ruleless: "Forgotten has no access rule", callerless: "names no callers", misruled: `"order_id" is no text field`,
		"souk.accesstest.v1.UnknownService": "not found",
	} {
		server := grpc.NewServer()
		server.RegisterService(&grpc.ServiceDesc{ServiceName: name, HandlerType: (*any)(nil)}, &world{})
		err := access.NewGuard(nil).Learn(server)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error that says %s", name, err, want)
		}
	}
}

func TestAnUnlearnedRPCAdmitsNoCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := w.newServer(t, access.NewGuard(access.NewVerifier(w)))
	server.RegisterService(w.descriptorOf(), w)
	w.serve(t, server)
	if code := w.call(t, "gateway", "Anyone", "authorization", "Bearer "+w.sign(t, header(), claims("staff"))); code != codes.PermissionDenied {
		t.Errorf("%v", code)
	}
}

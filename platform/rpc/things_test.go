package rpc_test

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/rpc"
)

// RPCs of a contract for the tests, named after what the contract says about repeating them.
const (
	read   = "/souk.things.v1.ThingsService/Read"
	put    = "/souk.things.v1.ThingsService/Put"
	create = "/souk.things.v1.ThingsService/Create"
	// Honor accepts an idempotency key. Need may be repeated only with one.
	honor = "/souk.things.v1.ThingsService/Honor"
	need  = "/souk.things.v1.ThingsService/Need"
)

func init() {
	method := func(name string, level descriptorpb.MethodOptions_IdempotencyLevel) *descriptorpb.MethodDescriptorProto {
		options := &descriptorpb.MethodOptions{IdempotencyLevel: level.Enum()}
		proto.SetExtension(options, accessv1.E_Timeout, durationpb.New(5*time.Second))
		return &descriptorpb.MethodDescriptorProto{
			Name: proto.String(name), Options: options,
			InputType: proto.String(".souk.access.v1.ListKeysRequest"), OutputType: proto.String(".souk.access.v1.ListKeysResponse"),
		}
	}
	keyed := func(name string, use accessv1.KeyUse) *descriptorpb.MethodDescriptorProto {
		m := method(name, descriptorpb.MethodOptions_IDEMPOTENT)
		proto.SetExtension(m.Options, accessv1.E_KeyUse, use)
		return m
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("souk/things/v1/things.proto"), Package: proto.String("souk.things.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"souk/access/v1/access.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("ThingsService"), Method: []*descriptorpb.MethodDescriptorProto{
			method("Read", descriptorpb.MethodOptions_NO_SIDE_EFFECTS), method("Put", descriptorpb.MethodOptions_IDEMPOTENT),
			method("Create", descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN),
			keyed("Honor", accessv1.KeyUse_KEY_USE_HONORED), keyed("Need", accessv1.KeyUse_KEY_USE_NEEDED),
		}}},
	}, protoregistry.GlobalFiles)
	if err == nil {
		err = protoregistry.GlobalFiles.RegisterFile(file)
	}
	if err != nil {
		panic(err)
	}
}

// things is an instance of the service. It runs in memory and without certificates, so that it works in a synctest bubble.
type things struct {
	listener *bufconn.Listener
	server   *grpc.Server
	health   *health.Server

	mu    sync.Mutex
	calls int
	work  func(context.Context) error
}

// startThings starts an instance that answers every call with the result of work.
func startThings(t *testing.T, work func(context.Context) error) *things {
	t.Helper()
	s := &things{listener: bufconn.Listen(1 << 16), health: health.NewServer(), work: work}
	s.server = grpc.NewServer(grpc.UnknownServiceHandler(s.handle))
	healthv1.RegisterHealthServer(s.server, s.health)
	s.health.SetServingStatus("things", healthv1.HealthCheckResponse_SERVING)
	var done sync.WaitGroup
	done.Go(func() { _ = s.server.Serve(s.listener) })
	t.Cleanup(func() { s.server.Stop(); done.Wait() })
	return s
}

func (s *things) handle(_ any, stream grpc.ServerStream) error {
	s.mu.Lock()
	s.calls++
	work := s.work
	s.mu.Unlock()
	if err := stream.RecvMsg(&accessv1.ListKeysRequest{}); err != nil {
		return err
	}
	if err := work(stream.Context()); err != nil {
		return err
	}
	return stream.SendMsg(&accessv1.ListKeysResponse{})
}

// does replaces the instance's work.
func (s *things) does(work func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work = work
}

// reached returns the number of attempts that reached the instance since the last reached.
func (s *things) reached() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.calls
	s.calls = 0
	return n
}

// dialThings returns a connection to instances, which are all ready.
func dialThings(t *testing.T, breakers *breaker.Set, instances ...*things) *grpc.ClientConn {
	t.Helper()
	return dialThingsLogging(t, discard, breakers, instances...)
}

func dialThingsLogging(t *testing.T, logger *slog.Logger, breakers *breaker.Set, instances ...*things) *grpc.ClientConn {
	t.Helper()
	addresses := make([]resolver.Address, len(instances))
	for i := range addresses {
		addresses[i].Addr = strconv.Itoa(i)
	}
	found := manual.NewBuilderWithScheme("memory")
	found.InitialState(resolver.State{Addresses: addresses})
	conn, err := rpc.Dial("memory:///things", "things", certificate.New(), breakers, logger, grpc.WithResolvers(found),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			i, err := strconv.Atoi(address)
			if err != nil {
				return nil, err
			}
			return instances[i].listener.DialContext(ctx)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); synctest.Wait() })
	conn.Connect()
	synctest.Wait()
	return conn
}

// invoke makes a call.
func invoke(ctx context.Context, conn *grpc.ClientConn, method string) error {
	return conn.Invoke(ctx, method, &accessv1.ListKeysRequest{}, &accessv1.ListKeysResponse{})
}

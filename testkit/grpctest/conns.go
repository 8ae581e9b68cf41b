package grpctest

import (
	"context"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"

	"souk/testkit/certtest"
)

// What the server under test calls itself in its certificate.
const callee = "callee"

// serviceKey is the key of a context's calling service.
type serviceKey struct{}

// conns is a connection for each service that calls, by its certificate.
type conns struct {
	authority *certtest.Authority
	listener  *bufconn.Listener

	mu    sync.Mutex
	conns map[string]*grpc.ClientConn
}

func newConns(t testing.TB, authority *certtest.Authority, listener *bufconn.Listener) *conns {
	c := &conns{authority: authority, listener: listener, conns: map[string]*grpc.ClientConn{}}
	t.Cleanup(func() {
		for _, conn := range c.conns {
			_ = conn.Close()
		}
	})
	return c
}

// Invoke implements grpc.ClientConnInterface.
func (c *conns) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	conn, err := c.of(ctx)
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, args, reply, opts...)
}

// NewStream implements grpc.ClientConnInterface.
func (c *conns) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := c.of(ctx)
	if err != nil {
		return nil, err
	}
	return conn.NewStream(ctx, desc, method, opts...)
}

// of returns the connection of the service that ctx is a call of.
func (c *conns) of(ctx context.Context) (*grpc.ClientConn, error) {
	service, ok := ctx.Value(serviceKey{}).(string)
	if !ok {
		service = "gateway"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn, ok := c.conns[service]; ok {
		return conn, nil
	}
	identity, err := c.authority.Identity(service)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(credentials.NewTLS(identity.Client(callee))),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return c.listener.DialContext(ctx) }))
	if err == nil {
		c.conns[service] = conn
	}
	return conn, err
}

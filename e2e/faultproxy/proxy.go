// Package faultproxy is responsible for proxies that stand between the processes of a shop: they pass calls on, count them, and make
// them fail at an exact moment.
package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"souk/platform/certificate"
	"souk/testkit/certtest"
	"souk/testkit/devserver"
)

const (
	// A service listens at the first address and says in Consul that it is at the second, where its proxy is,
	// both with the same port. All of 127.0.0.0/8 is this machine; macOS wants an alias for it:
	// sudo ifconfig lo0 alias 127.0.0.2
	serviceHost = "127.0.0.1"
	proxyHost   = "127.0.0.2"
	// The largest message, as large as any service takes.
	maxMessage = 16 << 20
)

// Proxy passes on the gRPC calls to one service of a shop, whatever they are.
type Proxy struct {
	service   string
	port      string
	authority *certtest.Authority
	identity  *certificate.Identity

	mu       sync.Mutex
	conns    map[string]*grpc.ClientConn // to the service, by the caller in whose name
	server   *grpc.Server
	waiting  *Interception // for its call
	running  *Interception // its call is not over
	response Response
	calls    map[string]int
}

// NewProxy returns a proxy for a service of a shop that is started afterwards, with Env in its environment and authority
// as what its certificates come from: the proxy passes for the service, and for its callers.
func NewProxy(service string, authority *certtest.Authority) (*Proxy, error) {
	port, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	identity, err := authority.Identity(service)
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		service: service, port: strconv.Itoa(port), authority: authority, identity: identity,
		conns: map[string]*grpc.ClientConn{}, calls: map[string]int{},
	}
	return p, p.Reconnect(context.Background())
}

// connFor returns the connection to the service in the name of whoever makes a call. Consul, which checks its health,
// has no name.
func (p *Proxy) connFor(ctx context.Context) (*grpc.ClientConn, error) {
	caller := "gateway"
	if from, ok := peer.FromContext(ctx); ok {
		if info, ok := from.AuthInfo.(credentials.TLSInfo); ok && certificate.Service(info.State) != "" {
			caller = certificate.Service(info.State)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if conn, ok := p.conns[caller]; ok {
		return conn, nil
	}
	conn, err := p.dial(caller)
	if err != nil {
		return nil, fmt.Errorf("proxy of %s: %w", p.service, err)
	}
	p.conns[caller] = conn
	return conn, nil
}

func (p *Proxy) dial(caller string) (*grpc.ClientConn, error) {
	identity, err := p.authority.Identity(caller)
	if err != nil {
		return nil, err
	}
	// A service that was restarted is to be found at once: it is not its proxy that is tested.
	reconnect := grpc.ConnectParams{
		Backoff: backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, MaxDelay: 100 * time.Millisecond}, MinConnectTimeout: time.Second,
	}
	return grpc.NewClient("passthrough:///"+net.JoinHostPort(serviceHost, p.port),
		grpc.WithTransportCredentials(credentials.NewTLS(identity.Client(p.service))), grpc.WithConnectParams(reconnect),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(maxMessage)))
}

// Env is what the shop has to be told so that everybody finds the proxy in place of the service.
func (p *Proxy) Env() []string {
	prefix := "SOUK_" + strings.ToUpper(p.service)
	return []string{prefix + "_ADDR=" + net.JoinHostPort(serviceHost, p.port), prefix + "_ADVERTISE=" + proxyHost}
}

// Disconnect breaks all connections and refuses new ones, as the machine of a service does whose process was killed.
func (p *Proxy) Disconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server.Stop()
}

// Reconnect takes connections again.
func (p *Proxy) Reconnect(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(proxyHost, p.port))
	if err != nil {
		return fmt.Errorf("proxy of %s: %w", p.service, err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(p.identity.Server())), grpc.ForceServerCodec(raw{}), grpc.MaxRecvMsgSize(maxMessage), grpc.UnknownServiceHandler(p.pass))
	p.server = server
	go func() { _ = server.Serve(listener) }() // until Disconnect
	return nil
}

// Close ends the proxy.
func (p *Proxy) Close() error {
	p.Disconnect()
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, conn := range p.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// Calls returns how often each full method was called so far, Consul's health checks left out.
func (p *Proxy) Calls() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.calls)
}

func (p *Proxy) count(method string) {
	if isHealth(method) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[method]++
}

// errLost is what the caller of a lost call sees.
var errLost = status.Error(codes.Unavailable, "lost by the proxy")

// pass handles one call.
func (p *Proxy) pass(_ any, caller grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(caller)
	p.count(method)
	if respond := p.responseTo(method); respond != nil {
		return respond(caller)
	}
	defer p.endInterception(method)
	request := &frame{}
	if err := caller.RecvMsg(request); err != nil {
		return err
	}
	if method == watchMethod {
		return p.watch(caller, request)
	}
	if !p.intercept(method, Requested) {
		return errLost
	}
	return p.forward(method, caller, request)
}

// forward makes a call in the name of its caller, and passes on what follows the request and what is answered.
func (p *Proxy) forward(method string, caller grpc.ServerStream, request *frame) error {
	ctx := caller.Context()
	if incoming, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, incoming.Copy())
	}
	conn, err := p.connFor(ctx)
	if err != nil {
		return err
	}
	callee, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	// What is wrong with the stream is what receiving the answer says.
	_ = callee.SendMsg(request)
	go passRequests(caller, callee)
	return p.passAnswers(method, caller, callee)
}

// passRequests passes on what follows the first request; it ends with the call.
func passRequests(caller grpc.ServerStream, callee grpc.ClientStream) {
	for {
		request := &frame{}
		if err := caller.RecvMsg(request); err != nil {
			_ = callee.CloseSend()
			return
		}
		if callee.SendMsg(request) != nil {
			return
		}
	}
}

// passAnswers passes on what the callee answers, or the error.
func (p *Proxy) passAnswers(method string, caller grpc.ServerStream, callee grpc.ClientStream) error {
	for first := true; ; first = false {
		answer := &frame{}
		err := callee.RecvMsg(answer)
		if first && !p.intercept(method, Committed, Answered) {
			return errLost
		}
		if err != nil {
			caller.SetTrailer(callee.Trailer())
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := caller.SendMsg(answer); err != nil {
			return err
		}
	}
}

// frame is a message that nobody looks into.
type frame struct{ bytes []byte }

// raw is the codec of frames. It calls itself by the name of what is inside.
type raw struct{}

func (raw) Name() string                       { return "proto" }
func (raw) Marshal(v any) ([]byte, error)      { return v.(*frame).bytes, nil }
func (raw) Unmarshal(data []byte, v any) error { v.(*frame).bytes = data; return nil }

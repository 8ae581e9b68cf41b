// Package fault is responsible for tools of destruction: proxies that stand between the processes of a shop,
// see what passes, and strike at an exact moment.
package fault

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
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"souk/platform/devserver"
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
	service string
	port    string
	conn    *grpc.ClientConn

	mu     sync.Mutex
	server *grpc.Server
	ambush *Ambush // that nobody has walked into
	sprung *Ambush // whose call is not over
	calls  map[string]int
}

// NewProxy returns a proxy for a service of a shop that is started afterwards, with Env in its environment.
func NewProxy(service string) (*Proxy, error) {
	port, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	p := &Proxy{service: service, port: strconv.Itoa(port), calls: map[string]int{}}
	// A service that was restarted is to be found at once: it is not its proxy that is tested.
	reconnect := grpc.ConnectParams{
		Backoff: backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, MaxDelay: 100 * time.Millisecond}, MinConnectTimeout: time.Second,
	}
	p.conn, err = grpc.NewClient("passthrough:///"+net.JoinHostPort(serviceHost, p.port),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithConnectParams(reconnect),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return nil, fmt.Errorf("proxy of %s: %w", service, err)
	}
	return p, p.Mend(context.Background())
}

// Env is what the shop has to be told so that everybody finds the proxy in place of the service.
func (p *Proxy) Env() []string {
	prefix := "SOUK_" + strings.ToUpper(p.service)
	return []string{prefix + "_ADDR=" + net.JoinHostPort(serviceHost, p.port), prefix + "_ADVERTISE=" + proxyHost}
}

// Sever breaks all connections and refuses new ones, as the machine of a service does whose process was killed.
func (p *Proxy) Sever() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server.Stop()
}

// Mend takes connections again.
func (p *Proxy) Mend(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(proxyHost, p.port))
	if err != nil {
		return fmt.Errorf("proxy of %s: %w", p.service, err)
	}
	server := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.MaxRecvMsgSize(maxMessage), grpc.UnknownServiceHandler(p.pass))
	p.server = server
	go func() { _ = server.Serve(listener) }() // until Sever
	return nil
}

// Close ends the proxy.
func (p *Proxy) Close() error {
	p.Sever()
	return p.conn.Close()
}

// Calls returns how often each full method was called so far, Consul's health checks left out.
func (p *Proxy) Calls() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.calls)
}

func (p *Proxy) count(method string) {
	if strings.HasPrefix(method, "/grpc.health.") {
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
	defer p.follow(method)
	request := &frame{}
	if err := caller.RecvMsg(request); err != nil {
		return err
	}
	if !p.spring(method, Requested) {
		return errLost
	}
	ctx := caller.Context()
	if incoming, ok := metadata.FromIncomingContext(ctx); ok {
		ctx = metadata.NewOutgoingContext(ctx, incoming.Copy())
	}
	callee, err := p.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
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
		if first && !p.spring(method, Committed, Answered) {
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

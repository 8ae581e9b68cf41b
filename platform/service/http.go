package service

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
)

const (
	// The largest header of an HTTP request, in bytes; a larger one is answered 431.
	maxHeader = 64 << 10
	// Requests under way at once on one connection of HTTP/2.
	maxStreams = 100
	// Bytes of bodies that a connection of HTTP/2 may send before anyone reads them.
	maxReceived = 256 << 10
	// Connections open at once, in all and from one network of a client. More in all wait to be accepted; more from one
	// network are closed. That leaves room for an office behind one address, and for others beside a flood from it.
	maxConns           = 8000
	maxConnsPerNetwork = 2000
)

// HTTPConfig is how a process serves HTTP. The zero value is plain HTTP, with no more connections from one network than
// shoppers need.
type HTTPConfig struct {
	// CertFile and KeyFile are a certificate chain and its key in PEM, which are read again when they change. With them the
	// process speaks TLS only, and HTTP/2 to who can. Both or neither.
	CertFile, KeyFile string
	// Proxies may open as many connections as there are in all: they speak for many clients.
	Proxies []netip.Prefix
	// LameDuck is for how long the process goes on as ever once it is told to stop, but for saying so (Service.Stopping) and
	// closing each connection after its next answer: a load balancer that asks has sent its requests elsewhere by then.
	LameDuck time.Duration
	// AnyNetwork lets every network open as many connections as there are in all.
	AnyNetwork bool
}

// web is what a process that serves HTTP has beside its handler.
type web struct {
	HTTPConfig
	// pair is nil for plain HTTP.
	pair *keyPair
}

// ConfigureHTTP says how HTTP is served. It fails when the certificate cannot be read.
func (s *Service) ConfigureHTTP(cfg HTTPConfig) error {
	s.web = web{HTTPConfig: cfg}
	if cfg.CertFile == "" {
		return nil
	}
	var err error
	if s.web.pair, err = loadKeyPair(cfg.CertFile, cfg.KeyFile); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return nil
}

// serveHTTP serves on listener until drain is called, which returns when it has drained. ctx is for what goes on meanwhile.
func (s *Service) serveHTTP(ctx context.Context, group *errgroup.Group, listener net.Listener) (drain func()) {
	server := newHTTPServer(s.leaving(s.handler), s.logger)
	serve := server.Serve
	if pair := s.web.pair; pair != nil {
		group.Go(func() error { pair.watch(ctx, certificateEvery, s.logger); return nil })
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	group.Go(func() error {
		if err := serve(limitConns(listener, s.web.HTTPConfig)); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Drain)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	}
}

// leaving has clients of a process that is stopping make their connections anew, elsewhere: over HTTP/1.1 the connection is
// closed after the answer, over HTTP/2 once what is under way has ended.
func (s *Service) leaving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Stopping() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// newHTTPServer returns a server whose clients cannot hold it up for longer than its timeouts. A handler may bound a
// request's body more tightly, or let an answer go on, by its http.ResponseController.
func newHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          maxStreams,
			MaxReceiveBufferPerConnection: maxReceived,
			MaxReceiveBufferPerStream:     maxReceived,
			// A client that takes nothing for this long has left.
			WriteByteTimeout: 10 * time.Second,
		},
		// What clients do wrong on the wire, and their addresses: only for who looks for it.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// limitConns bounds the connections that are open at once.
func limitConns(listener net.Listener, cfg HTTPConfig) net.Listener {
	listener = netutil.LimitListener(listener, maxConns)
	if cfg.AnyNetwork {
		return listener
	}
	return newNetworkListener(listener, maxConnsPerNetwork, cfg.Proxies)
}

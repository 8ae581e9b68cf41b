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
	// The maximum size of the header of an HTTP request, in bytes; a larger one is answered 431.
	maxHeader = 64 << 10
	// The maximum number of concurrent requests on one HTTP/2 connection.
	maxStreams = 100
	// The number of body bytes that an HTTP/2 connection may send before a handler reads them.
	maxReceived = 256 << 10
	// The maximum numbers of open connections: of all, and from one client network. More connections in all have to wait to be
	// accepted; more from one network are closed. The limits leave room for an office with many people behind one address, and
	// for other clients during a flood from one network.
	maxConns           = 8000
	maxConnsPerNetwork = 2000
)

// HTTPConfig says how a process serves HTTP. The zero value is plain HTTP, with the usual limit of connections from one
// network.
type HTTPConfig struct {
	// CertFile and KeyFile are PEM files of a certificate chain and its key. They are read again when they change. With them,
	// the process speaks only TLS, and HTTP/2 with clients that support it. Set both or neither.
	CertFile, KeyFile string
	// Proxies are not limited to the connections of one network, because they forward many clients.
	Proxies []netip.Prefix
	// LameDuck is how long the process goes on serving after it was told to stop. Meanwhile Service.Stopping returns true and
	// each connection is closed after its next answer. A load balancer that checks the readiness sends its requests elsewhere
	// in that time.
	LameDuck time.Duration
	// AnyNetwork turns off the limit of connections from one network.
	AnyNetwork bool
}

// web contains the HTTP settings of a process.
type web struct {
	HTTPConfig
	// pair is nil for plain HTTP.
	pair *keyPair
}

// ConfigureHTTP sets how HTTP is served. It fails if the certificate cannot be read.
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

// serveHTTP serves on listener until drain is called; drain returns after the last request. Background work of the server ends
// with ctx.
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

// leaving makes the clients of a stopping process reconnect elsewhere. HTTP/1.1 connections are closed after the next answer,
// HTTP/2 connections after the requests under way.
func (s *Service) leaving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Stopping() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// newHTTPServer returns a server with timeouts, so that slow clients cannot occupy it. A handler may set a shorter time for a
// request's body, or a longer one for an answer, with http.ResponseController.
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
			// A client that has read nothing for this long is considered gone.
			WriteByteTimeout: 10 * time.Second,
		},
		// Protocol errors of clients, which include their addresses. They are logged at debug level only, because any client
		// can cause them.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// limitConns limits the number of open connections.
func limitConns(listener net.Listener, cfg HTTPConfig) net.Listener {
	listener = netutil.LimitListener(listener, maxConns)
	if cfg.AnyNetwork {
		return listener
	}
	return newNetworkListener(listener, maxConnsPerNetwork, cfg.Proxies)
}

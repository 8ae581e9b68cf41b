package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

// serveAdmin serves the admin port until ctx is done. It returns the port's address, or nil if there is no admin port. The port
// needs no password, so by default it is open on the loopback interface only.
func (s *Service) serveAdmin(ctx context.Context, group *errgroup.Group) (net.Addr, error) {
	if s.listen.AdminAddr == "" {
		return nil, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.listen.AdminAddr)
	if err != nil {
		return nil, fmt.Errorf("admin port: %w", err)
	}
	server := newHTTPServer(s.admin(), s.logger)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("admin port: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Close()
	})
	s.logger.Info("admin port", "address", listener.Addr().String())
	return listener.Addr(), nil
}

// admin returns the handler of the admin port.
func (s *Service) admin() http.Handler {
	mux := http.NewServeMux()
	// For an orchestrator that restarts processes. Neither asks for dependencies, because a restart does not bring those back.
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, true) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.isReady()) })
	mux.HandleFunc("GET /debug/breakers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.breakers.States()) // an error means that the client has left
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.DefaultGatherer, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// answer says whether the process is well.
func answer(w http.ResponseWriter, well bool) {
	if !well {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n")) // an error means that the client has left
}

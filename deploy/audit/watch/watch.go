// Package watch audits a shop again and again, and shows the results as metrics for Prometheus.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"souk/deploy/audit"
)

// Config says how often to audit, and where to show the results.
type Config struct {
	// Every is the time from the end of an audit to the start of the next one. If it is 0, the command audits once, and shows no
	// metrics.
	Every time.Duration `env:"EVERY"`
	// AdminAddr is the host:port of the metrics, at /metrics. The port needs no password.
	AdminAddr string `env:"ADMIN_ADDR" envDefault:"127.0.0.1:9100"`
	// Disks are folders. The free space of the file system of each one is among the metrics.
	Disks []string `env:"DISKS" envDefault:"/"`
}

// Validate returns an error if a setting is not possible.
func (c *Config) Validate() error {
	if c.Every < 0 {
		return fmt.Errorf("SOUK_AUDIT_EVERY is %v; it must not be negative", c.Every)
	}
	return nil
}

// Run audits the shop and serves the metrics until ctx is done. An audit that cannot read the shop is logged, and the next one is tried.
func Run(ctx context.Context, cfg Config, shop audit.Config) error {
	w := &watcher{Config: cfg, metrics: newMetrics(cfg.Disks), logger: slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("service", "audit")}
	connection := &connection{cfg: shop}
	defer connection.close()
	w.audit = connection.audit
	return w.run(ctx)
}

type watcher struct {
	Config
	metrics *metrics
	logger  *slog.Logger
	audit   func(context.Context) (*audit.Report, error)
}

func (w *watcher) run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.AdminAddr)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	w.logger.Info("metrics", "address", listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.metrics.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("metrics: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Close()
	})
	group.Go(func() error { w.repeat(ctx); return nil })
	return group.Wait()
}

// repeat audits until ctx is done.
func (w *watcher) repeat(ctx context.Context) {
	for {
		w.once(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.Every):
		}
	}
}

// once audits, and shows and logs the result.
func (w *watcher) once(ctx context.Context) {
	report, err := w.audit(ctx)
	if ctx.Err() != nil {
		return
	}
	w.metrics.show(report, err)
	switch {
	case err != nil:
		w.logger.Error("the books cannot be read", "error", err)
	case report.OK():
		w.logger.Info("the books agree", "orders", report.Compared, "took", report.Took.String())
	default:
		for _, check := range report.Checks {
			if check.Broken > 0 {
				w.logger.Error("the books do not agree", "check", check.Name, "broken", check.Broken, "first", check.First)
			}
		}
	}
}

// connection is a connection to the shop that is opened by the first audit that can.
type connection struct {
	cfg  audit.Config
	shop *audit.Shop
}

func (c *connection) audit(ctx context.Context) (*audit.Report, error) {
	if c.shop == nil {
		shop, err := audit.Connect(ctx, c.cfg)
		if err != nil {
			return nil, err
		}
		c.shop = shop
	}
	return c.shop.Audit(ctx)
}

func (c *connection) close() {
	if c.shop != nil {
		c.shop.Close()
	}
}

// Package floor is responsible for the least that the shop's work can cost on a machine. Its servers and its client run the same
// queries and transactions as the shop and nothing else. The shop's cost is compared with theirs.
package floor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Config is what the server of the floors is told.
type Config struct {
	Addr string `json:"addr"`
	// Catalog and Inventory are the addresses of the databases.
	Catalog   string `json:"catalog"`
	Inventory string `json:"inventory"`
	// Products are the answers of the shop to a product detail, by slug.
	Products map[string]string `json:"products"`
}

// Where the floors are served. A slug follows.
const (
	MemoryPath = "/memory/"
	ReadPath   = "/read/"
)

// Serve serves two floors of a product detail until ctx is done: the same bytes from a map, and the same bytes made of what the
// databases answer to the same queries.
func Serve(ctx context.Context, cfg Config) error {
	catalog, err := open(ctx, cfg.Catalog)
	if err != nil {
		return err
	}
	defer catalog.Close()
	inventory, err := open(ctx, cfg.Inventory)
	if err != nil {
		return err
	}
	defer inventory.Close()
	mux := http.NewServeMux()
	mux.Handle("GET "+MemoryPath+"{slug}", memory(cfg.Products))
	mux.Handle("GET "+ReadPath+"{slug}", &reader{catalog: catalog, inventory: inventory})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// open opens as many connections as a service does.
func open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open a database: %w", err)
	}
	cfg.MaxConns = 10
	return pgxpool.NewWithConfig(ctx, cfg)
}

// memory answers from a map.
func memory(products map[string]string) http.HandlerFunc {
	answers := make(map[string][]byte, len(products))
	for slug, answer := range products {
		answers[slug] = []byte(answer)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.PathValue("slug")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // or the client has left
	}
}

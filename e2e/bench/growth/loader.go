// Package growth is responsible for filling a shop with as much as it would have after years: products, carts, accounts, past orders
// and entries in the stock's ledger. It writes straight into the databases of the services, because the shop itself would take hours.
//
// Rows are copies of rows that the services have written, with other ids, names and times. So they are as the services leave them,
// and columns that are added later need no change here.
package growth

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/deploy/local/stack"
	"souk/deploy/setup/roster"
	"souk/e2e/shop"
)

// Password is that of every loaded account.
const Password = "a quiet moment to grow"

// Loader loads data into a running shop whose products were imported.
type Loader struct {
	shop      *stack.Stack
	door      *shop.Client
	databases map[string]*pgx.Conn // by service
	accounts  *mongo.Database
	// Progress is told how far it is. May be nil.
	Progress func(string)
}

// Open connects to the databases of a shop.
func Open(ctx context.Context, s *stack.Stack) (*Loader, error) {
	l := &Loader{shop: s, door: shop.New(s.URL()), databases: map[string]*pgx.Conn{}}
	for _, service := range roster.On(roster.PostgreSQL) {
		cfg, err := pgx.ParseConfig(s.DatabaseURL(service, service))
		if err != nil {
			return nil, err
		}
		// What is loaded need not survive a crash.
		cfg.RuntimeParams["synchronous_commit"] = "off"
		cfg.RuntimeParams["work_mem"] = "256MB"
		if l.databases[service], err = pgx.ConnectConfig(ctx, cfg); err != nil {
			return nil, errors.Join(fmt.Errorf("open the database of %s: %w", service, err), l.Close(ctx))
		}
	}
	client, err := mongo.Connect(options.Client().ApplyURI(s.MongoURL()))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database of customers: %w", err), l.Close(ctx))
	}
	l.accounts = client.Database("customers")
	return l, nil
}

// Close closes the connections.
func (l *Loader) Close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, database := range l.databases {
		errs = append(errs, database.Close(ctx))
	}
	if l.accounts != nil {
		errs = append(errs, l.accounts.Client().Disconnect(ctx))
	}
	return errors.Join(errs...)
}

func (l *Loader) say(format string, args ...any) {
	if l.Progress != nil {
		l.Progress(fmt.Sprintf(format, args...))
	}
}

// Settle brings the statistics of databases up to date, and does now what PostgreSQL would otherwise do in the background later.
func (l *Loader) Settle(ctx context.Context, services ...string) error {
	for _, service := range services {
		if _, err := l.databases[service].Exec(ctx, "VACUUM (ANALYZE)"); err != nil {
			return fmt.Errorf("vacuum the database of %s: %w", service, err)
		}
	}
	return nil
}

// chunks calls do with ranges of at most size numbers, from to to, which together are 1 to total, the last range first.
func chunks(total, size int, do func(from, to int) error) error {
	for to := total; to > 0; to -= size {
		if err := do(max(1, to-size+1), to); err != nil {
			return err
		}
	}
	return nil
}

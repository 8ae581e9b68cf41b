// Package chaos tests that the shop keeps its promises while its processes are killed and paused: black box, on shops of its own, with
// real faults.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/deploy/audit"
	"souk/deploy/local/stack"
	"souk/platform/secret"
)

// Books says whether the books of a shop are clean: every order has come to an end, and orders, stock, money
// and parcels agree.
type Books func(ctx context.Context) error

// Audited are the books of a shop as an audit sees them.
func Audited(s *stack.Stack) Books {
	return func(ctx context.Context) error {
		report, err := audit.Run(ctx, audit.Config{
			URL: s.URL(), StaffEmail: s.StaffEmail(), StaffPassword: secret.Text(s.StaffPassword()),
			Consul:       s.ConsulConfig(stack.Audit),
			WithProvider: true, Patience: 200 * time.Millisecond,
		})
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		return errors.Join(verdict(report), nobodyCharged(ctx, s))
	}
}

// nobodyCharged asks the simulated card network, which is outside the shop, whether it holds or took money
// under a reference that the shop does not know any more.
func nobodyCharged(ctx context.Context, s *stack.Stack) error {
	conn, err := pgx.Connect(ctx, s.DatabaseURL("payments", "payments"))
	if err != nil {
		return fmt.Errorf("ask the card network: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var strays int
	err = conn.QueryRow(ctx, `SELECT count(*) FROM simulator.authorizations WHERE status IN ('authorized', 'captured')
		AND reference NOT IN (SELECT reference FROM payments)`).Scan(&strays)
	if err == nil && strays > 0 {
		err = fmt.Errorf("%d cards are charged that no payment knows of", strays)
	}
	return err
}

// verdict is what is wrong with the books; work that is not done is, too.
func verdict(report *audit.Report) error {
	var wrong []error
	if len(report.InProgress) > 0 || report.Changing > 0 {
		wrong = append(wrong, fmt.Errorf("%d orders are in progress, %d are changing", len(report.InProgress), report.Changing))
	}
	for _, check := range report.Checks {
		for _, broken := range check.First {
			wrong = append(wrong, fmt.Errorf("%s: %s", check.Name, broken))
		}
	}
	if !report.OK() {
		wrong = append(wrong, errors.New("the books are broken"))
	}
	return errors.Join(wrong...)
}

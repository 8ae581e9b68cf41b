package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"souk/services/customers/internal/customers"
)

// ensureStaff creates the first staff account, if one is configured. If a customer has an account with that e-mail address, it
// logs an error and changes nothing, because the service must still start for all others.
func (c *Config) ensureStaff(ctx context.Context, accounts *customers.Service, logger *slog.Logger) error {
	if c.StaffEmail == "" {
		return nil
	}
	err := accounts.EnsureStaff(ctx, c.StaffEmail, c.StaffPassword)
	if errors.Is(err, customers.ErrNotStaff) {
		logger.ErrorContext(ctx, "SOUK_STAFF_EMAIL is the e-mail of a customer's account, which is not made one of staff: anyone may have registered it",
			"to_promote_it_anyway", "customers staff promote EMAIL")
		return nil
	}
	if err != nil {
		return fmt.Errorf("SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD: %w", err)
	}
	return nil
}

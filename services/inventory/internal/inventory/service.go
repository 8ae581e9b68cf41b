package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/identifier"
)

const (
	maxLines    = 2000
	maxQuantity = 1_000_000_000
	maxReason   = 200
	maxHold     = 24 * time.Hour
)

// Service checks the input and calls the store.
type Service struct {
	store Store
}

// New returns a service on store.
func New(store Store) *Service {
	return &Service{store: store}
}

// Levels returns the levels of the known SKUs among skus, which may be at most 2,000.
func (s *Service) Levels(ctx context.Context, skus []string) ([]Level, error) {
	if len(skus) > maxLines {
		return nil, field.Invalid("skus", fmt.Sprintf("must have at most %d items", maxLines))
	}
	// An invalid SKU has no level.
	asked := slices.DeleteFunc(slices.Clone(skus), func(s string) bool { return !identifier.ValidSKU(s) })
	return s.store.Levels(ctx, asked)
}

// Adjust changes the stock on hand. For invalid input it returns a *field.Error.
func (s *Service) Adjust(ctx context.Context, a Adjustment) (Level, error) {
	var check field.Checker
	check.Check(identifier.ValidSKU(a.SKU), "sku", "is not a SKU")
	check.Check(a.Delta != 0, "delta", "must not be 0")
	check.Check(a.Delta >= -maxQuantity && a.Delta <= maxQuantity, "delta", fmt.Sprintf("must be within ±%d", maxQuantity))
	checkReason(&check, a.Reason)
	if err := check.Err(); err != nil {
		return Level{}, err
	}
	return s.store.Adjust(ctx, a)
}

// Open sets the initial level of SKUs that have none.
func (s *Service) Open(ctx context.Context, lines []Line, reason string) (int, error) {
	var check field.Checker
	checkLines(&check, lines, 0)
	checkReason(&check, reason)
	if err := check.Err(); err != nil {
		return 0, err
	}
	return s.store.Open(ctx, lines, reason)
}

// Reserve holds stock for an order; see Store.
func (s *Service) Reserve(ctx context.Context, r Reservation) (time.Time, error) {
	var check field.Checker
	r.OrderID = checkID(&check, "order_id", r.OrderID)
	check.Check(len(r.Lines) > 0, "lines", "must have at least 1 item")
	checkLines(&check, r.Lines, 1)
	check.Check(r.HoldFor > 0 && r.HoldFor <= maxHold, "hold_for", "must be above 0 and at most "+maxHold.String())
	if err := check.Err(); err != nil {
		return time.Time{}, err
	}
	return s.store.Reserve(ctx, r)
}

// Commit converts held stock to sold stock; see Store.
func (s *Service) Commit(ctx context.Context, orderID string) error {
	var check field.Checker
	orderID = checkID(&check, "order_id", orderID)
	if err := check.Err(); err != nil {
		return err
	}
	return s.store.Commit(ctx, orderID)
}

// RestoreSale sells lines to an order that has bought them before the database was restored; see Store.
func (s *Service) RestoreSale(ctx context.Context, orderID string, lines []Line) error {
	var check field.Checker
	orderID = checkID(&check, "order_id", orderID)
	check.Check(len(lines) > 0, "lines", "must have at least 1 item")
	checkLines(&check, lines, 1)
	if err := check.Err(); err != nil {
		return err
	}
	return s.store.RestoreSale(ctx, orderID, lines)
}

// Release returns the stock that an order holds or has bought; see Store.
func (s *Service) Release(ctx context.Context, orderID string) error {
	var check field.Checker
	orderID = checkID(&check, "order_id", orderID)
	if err := check.Err(); err != nil {
		return err
	}
	return s.store.Release(ctx, orderID)
}

// Return takes back stock that an order bought; see Store.
func (s *Service) Return(ctx context.Context, r Return) error {
	var check field.Checker
	r.ID = checkID(&check, "return_id", r.ID)
	r.OrderID = checkID(&check, "order_id", r.OrderID)
	check.Check(len(r.Lines) > 0, "lines", "must have at least 1 item")
	checkLines(&check, r.Lines, 1)
	if err := check.Err(); err != nil {
		return err
	}
	return s.store.Return(ctx, r)
}

// checkID returns an ID in the spelling that is stored. The nil UUID is not valid, because pages begin after it.
func checkID(check *field.Checker, name, text string) string {
	canonical, ok := identifier.Canonical(text)
	check.Check(ok && canonical != uuid.Nil.String(), name, "is not an id")
	return canonical
}

func checkReason(check *field.Checker, reason string) {
	ok := strings.TrimSpace(reason) != "" && utf8.ValidString(reason) && utf8.RuneCountInString(reason) <= maxReason &&
		!strings.ContainsRune(reason, 0)
	check.Check(ok, "reason", fmt.Sprintf("must have 1 to %d characters", maxReason))
}

func checkLines(check *field.Checker, lines []Line, least int64) {
	if len(lines) > maxLines {
		check.Check(false, "lines", fmt.Sprintf("must have at most %d items", maxLines))
		return
	}
	seen := make(map[string]bool, len(lines))
	for i, line := range lines {
		check.Check(identifier.ValidSKU(line.SKU), fmt.Sprintf("lines[%d].sku", i), "is not a SKU")
		check.Check(!seen[line.SKU], fmt.Sprintf("lines[%d].sku", i), "stands twice")
		check.Check(line.Quantity >= least && line.Quantity <= maxQuantity, fmt.Sprintf("lines[%d].quantity", i),
			fmt.Sprintf("must be %d to %d", least, maxQuantity))
		seen[line.SKU] = true
	}
}

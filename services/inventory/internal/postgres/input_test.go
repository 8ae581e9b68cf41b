package postgres_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"

	"souk/services/inventory/internal/inventory"
)

// isField reports whether the first violation in err is of that field.
func isField(err error, name string) bool {
	var invalid *field.Error
	return errors.As(err, &invalid) && invalid.Violations[0].Field == name
}

func TestErrorsOfInvalidInputNameTheField(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	adjust := func(sku string, delta int64, reason string) error {
		_, err := s.Adjust(t.Context(), inventory.Adjustment{SKU: sku, Delta: delta, Reason: reason})
		return err
	}
	open := func(lines ...inventory.Line) error {
		_, err := s.Open(t.Context(), lines, "import")
		return err
	}
	reserve := func(holdFor time.Duration, lines ...inventory.Line) error {
		r := reservation(lines...)
		r.HoldFor = holdFor
		_, err := s.Reserve(t.Context(), r)
		return err
	}
	giveBack := func(id, order string, lines ...inventory.Line) error {
		return s.Return(t.Context(), inventory.Return{ID: id, OrderID: order, Lines: lines})
	}
	list := func(limit int, after string) error {
		_, _, err := s.Stock(t.Context(), limit, after)
		return err
	}
	reservations := func(q inventory.ReservationQuery) error {
		_, _, err := s.Reservations(t.Context(), q)
		return err
	}
	id := uuid.NewString()
	cup := inventory.Line{SKU: "CUP", Quantity: 1}
	_, tooMany := s.Levels(t.Context(), make([]string, 2001))
	for i, test := range []struct {
		err   error
		field string
	}{
		{adjust("", 1, "count"), "sku"},
		{adjust("CUP\x00", 1, "count"), "sku"},
		{adjust(".", 1, "count"), "sku"},
		{adjust("..", 1, "count"), "sku"},
		{adjust("CUP", 0, "count"), "delta"},
		{adjust("CUP", 1_000_000_001, "count"), "delta"},
		{adjust("CUP", math.MinInt64, "count"), "delta"},
		{adjust("CUP", 1, " "), "reason"},
		{adjust("CUP", 1, "a\x00b"), "reason"},
		{adjust("CUP", 1, "\xff"), "reason"},
		{adjust("CUP", 1, strings.Repeat("é", 201)), "reason"},
		{open(inventory.Line{SKU: "CUP", Quantity: -1}), "lines[0].quantity"},
		{open(cup, cup), "lines[1].sku"},
		{open(make([]inventory.Line, 2001)...), "lines"},
		{reserve(time.Minute), "lines"},
		{reserve(time.Minute, inventory.Line{SKU: "CUP"}), "lines[0].quantity"},
		{reserve(time.Minute, inventory.Line{SKU: "CUP", Quantity: math.MaxInt64}), "lines[0].quantity"},
		{reserve(0, cup), "hold_for"},
		{reserve(math.MaxInt64, cup), "hold_for"},
		{tooMany, "skus"},
		{open(inventory.Line{SKU: "..", Quantity: 1}), "lines[0].sku"},
		{giveBack("7", id, cup), "return_id"},
		{giveBack(uuid.Nil.String(), id, cup), "return_id"},
		{giveBack(id, "", cup), "order_id"},
		{giveBack(id, id), "lines"},
		{giveBack(id, id, cup, cup), "lines[1].sku"},
		{giveBack(id, id, inventory.Line{SKU: "CUP"}), "lines[0].quantity"},
		{giveBack(id, id, inventory.Line{SKU: "CUP", Quantity: -1}), "lines[0].quantity"},
		{list(-1, ""), "limit"},
		{list(2001, ""), "limit"},
		{list(0, "a\x00"), "after"},
		{reservations(inventory.ReservationQuery{Limit: -1}), "limit"},
		{reservations(inventory.ReservationQuery{Limit: 1001}), "limit"},
		{reservations(inventory.ReservationQuery{After: "CUP"}), "after"},
		{reservations(inventory.ReservationQuery{OrderIDs: []string{id, "7"}}), "order_ids[1]"},
		{reservations(inventory.ReservationQuery{OrderIDs: make([]string, 1001)}), "order_ids"},
	} {
		if !isField(test.err, test.field) {
			t.Errorf("#%d: %v, want a violation of %s", i, test.err, test.field)
		}
	}
	if levels, err := s.Levels(t.Context(), []string{"\x00", "\xff", "..", "CUP"}); err != nil || len(levels) != 0 {
		t.Errorf("levels of what cannot be = %v, %v; want none", levels, err)
	}
	if err := adjust("NEW", -1, "count"); !errors.Is(err, inventory.ErrInsufficientStock) {
		t.Errorf("taking from a SKU that is new: %v, want ErrInsufficientStock", err)
	}
	assertBooks(t, pool)
}

package postgres_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"souk/platform/field"

	"souk/services/inventory/internal/inventory"
)

// isField reports whether err names that field first.
func isField(err error, name string) bool {
	var invalid *field.Error
	return errors.As(err, &invalid) && invalid.Violations[0].Field == name
}

func TestBadInputNamesItsField(t *testing.T) {
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
	cup := inventory.Line{SKU: "CUP", Quantity: 1}
	_, tooMany := s.Levels(t.Context(), make([]string, 2001))
	for i, test := range []struct {
		err   error
		field string
	}{
		{adjust("", 1, "count"), "sku"},
		{adjust("CUP\x00", 1, "count"), "sku"},
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
	} {
		if !isField(test.err, test.field) {
			t.Errorf("#%d: %v, want a violation of %s", i, test.err, test.field)
		}
	}
	if levels, err := s.Levels(t.Context(), []string{"\x00", "\xff", "CUP"}); err != nil || len(levels) != 0 {
		t.Errorf("levels of what cannot be = %v, %v; want none", levels, err)
	}
	if err := adjust("NEW", -1, "count"); !errors.Is(err, inventory.ErrInsufficientStock) {
		t.Errorf("taking from a SKU that is new: %v, want ErrInsufficientStock", err)
	}
	assertBooks(t, pool)
}

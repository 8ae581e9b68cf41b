package audit

import (
	"fmt"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
)

// stockRules are the rules for each SKU. A SKU's data comes from a single moment.
var stockRules = []rule[*inventoryv1.Stock]{
	{name: "stock: owned = on hand + sold", what: "SKUs", judge: always(func(s *inventoryv1.Stock) finding {
		return equal("owned", count(s.GetOwned()), "on hand and sold", count(s.GetLevel().GetOnHand()+s.GetSold()))
	})},
	{name: "stock: reserved = held", what: "SKUs", judge: always(func(s *inventoryv1.Stock) finding {
		return equal("reserved", count(s.GetLevel().GetReserved()), "held", count(s.GetHeld()))
	})},
	{name: "stock: sold = bought by reservations", what: "SKUs", judge: always(func(s *inventoryv1.Stock) finding {
		return equal("sold", count(s.GetSold()), "bought", count(s.GetCommitted()))
	})},
	{name: "stock: only what continues selling is on backorder", what: "SKUs", judge: always(onBackorder)},
	{name: "stock: nothing is negative", what: "SKUs", judge: always(notNegative)},
}

// onBackorder compares the pieces that are missing with those that could be sold without stock.
func onBackorder(s *inventoryv1.Stock) finding {
	missing := max(0, -s.GetLevel().GetAvailable(), -s.GetLevel().GetOnHand())
	found := amount(count(missing))
	if missing > s.GetContinued() {
		found.wrong = fmt.Sprintf("%d pieces are on backorder, and %d may be", missing, s.GetContinued())
	}
	return found
}

func always[T any](look func(T) finding) func(T) (finding, bool) {
	return func(thing T) (finding, bool) { return look(thing), true }
}

func notNegative(s *inventoryv1.Stock) finding {
	var found finding
	for _, figure := range []struct {
		name   string
		pieces int64
	}{
		{"reserved", s.GetLevel().GetReserved()}, {"owned", s.GetOwned()}, {"sold", s.GetSold()}, {"held", s.GetHeld()},
		{"bought", s.GetCommitted()},
	} {
		if figure.pieces < 0 && found.wrong == "" {
			found.wrong = fmt.Sprintf("%s is %d", figure.name, figure.pieces)
		}
	}
	return found
}

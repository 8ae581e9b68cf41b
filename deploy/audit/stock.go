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
	{name: "stock: nothing is negative", what: "SKUs", judge: always(notNegative)},
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
		{"on hand", s.GetLevel().GetOnHand()}, {"reserved", s.GetLevel().GetReserved()}, {"available", s.GetLevel().GetAvailable()},
		{"owned", s.GetOwned()}, {"sold", s.GetSold()}, {"held", s.GetHeld()}, {"bought", s.GetCommitted()},
	} {
		if figure.pieces < 0 && found.wrong == "" {
			found.wrong = fmt.Sprintf("%s is %d", figure.name, figure.pieces)
		}
	}
	return found
}

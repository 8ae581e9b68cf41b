package orders_test

import (
	"testing"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/peerstest"
)

// setRule sets how the stock of a SKU limits its sale.
func (w *world) setRule(sku string, rule order.StockRule) {
	variant := w.Catalog.Variants[sku]
	variant.StockRule = rule
	w.Catalog.Variants[sku] = variant
}

func TestUntrackedGoodsAreSoldWithoutStock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.setRule("MUG", order.StockRule{Untracked: true})
	s.world.setRule("PLATE", order.StockRule{Untracked: true})
	s.world.Inventory.SetLeft("MUG", 0)
	s.world.Inventory.SetLeft("PLATE", 0)
	o := s.mustConfirm(t)
	if saved := s.mustGet(t, o.ID); !saved.Lines[0].Untracked || !saved.Lines[1].Untracked {
		t.Errorf("saved %+v", saved.Lines)
	}
	if r := s.world.Inventory.Reservations[o.ID]; r != nil {
		t.Errorf("inventory has %+v", r)
	}
}

func TestOnlyTrackedGoodsAreReserved(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.setRule("MUG", order.StockRule{Untracked: true})
	s.world.Inventory.SetLeft("MUG", 0)
	o := s.mustConfirm(t)
	r := s.world.Inventory.Reservations[o.ID]
	if len(r.Items) != 1 || r.Items[0] != (order.Item{SKU: "PLATE", Quantity: 2}) || r.Status != peerstest.Committed {
		t.Errorf("inventory has %+v", r)
	}
}

func TestGoodsThatContinueSellingGoOnBackorder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.setRule("MUG", order.StockRule{ContinueSelling: true})
	s.world.Inventory.SetLeft("MUG", 1)
	s.mustConfirm(t)
	if left := s.world.Inventory.Left("MUG"); left != -2 {
		t.Errorf("%d mugs are left, want -2", left)
	}
}

// The rule is of the time of the order: a product that is tracked later does not change what was sold.
func TestReturnedUntrackedGoodsAreNotRestocked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.setRule("MUG", order.StockRule{Untracked: true})
	o := s.mustDeliver(t)
	s.world.setRule("MUG", order.StockRule{})
	mugs := s.world.Inventory.Left("MUG")
	goods := s.mustReturn(t, sendBack(o, "MUG", 1))
	if back, err := s.ReceiveReturn(t.Context(), received(goods)); err != nil || back.Status != order.ReturnRefunded {
		t.Fatalf("%+v, %v", back, err)
	}
	if left := s.world.Inventory.Left("MUG"); left != mugs {
		t.Errorf("%d mugs are left, want %d", left, mugs)
	}
}

package orders_test

import (
	"context"
	"reflect"
	"testing"
)

func TestALineStaysAsItWasSold(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	if plate := o.Lines[0]; plate.SKU != "PLATE" || !reflect.DeepEqual(plate.Origin, s.world.Catalog.Variants["PLATE"].Origin) {
		t.Errorf("sold %+v", plate)
	}
	if mug := o.Lines[1]; mug.SKU != "MUG" || !reflect.DeepEqual(mug.Origin, mugOrigin()) {
		t.Errorf("sold %+v", mug)
	}
	delete(s.world.Catalog.Variants, "MUG")
	s.world.setHook(func(context.Context, string) error { return errAway })
	if saved := s.mustGet(t, o.ID); !reflect.DeepEqual(saved.Lines, o.Lines) {
		t.Errorf("saved\n%+v\nsold\n%+v", saved.Lines, o.Lines)
	}
}

// Processes of before leave the columns of a line's product out.
func TestALineOfBeforeHasWhatWasKeptOfIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	if _, err := s.pool.Exec(t.Context(), "UPDATE order_lines SET product_id = NULL, slug = NULL, image = NULL, options = NULL"); err != nil {
		t.Fatal(err)
	}
	saved := s.mustGet(t, o.ID)
	for i, line := range o.Lines {
		line.Origin = saved.Lines[i].Origin
		if !reflect.ValueOf(line.Origin).IsZero() || !reflect.DeepEqual(saved.Lines[i], line) {
			t.Errorf("saved %+v", saved.Lines[i])
		}
	}
}

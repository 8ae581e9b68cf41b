package grpcapi_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/testkit/grpctest"
)

// watcher reads the feed of changes as the gateway does.
type watcher struct {
	*bundle
	position string
	seen     map[uint64]bool
}

func (w *watcher) read(t *testing.T) (changed []string) {
	t.Helper()
	answer, err := w.WatchProducts(grpctest.Service(t, "gateway"), &catalogv1.WatchProductsRequest{
		Position: w.position, Wait: durationpb.New(time.Second),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.position = answer.GetPosition()
	for _, change := range answer.GetChanges() {
		if !w.seen[change.GetAt()] {
			w.seen[change.GetAt()] = true
			changed = append(changed, change.GetId())
		}
	}
	return changed
}

func TestEveryWriteOfAProductIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lamp := b.create(t, lamp())
	w := &watcher{bundle: b, seen: map[uint64]bool{}}
	w.read(t)
	title := "Better lamp"
	for _, write := range []struct {
		name string
		do   func() error
	}{
		{"update", func() error {
			_, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{Id: lamp.GetId(), Title: &title})
			return err
		}},
		{"update of variants", func() error {
			variants := &catalogv1.VariantList{Variants: lamp.GetVariants()[:1]}
			_, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{Id: lamp.GetId(), Variants: variants})
			return err
		}},
		{"import", func() error {
			_, err := b.send(t, b.Staff(t), "Handle,Title,Variant SKU,Variant Price\nlamp,Lamp by file,L,9.00\n")
			return err
		}},
		{"withdrawal", func() error {
			_, err := b.WithdrawProduct(b.Staff(t), &catalogv1.WithdrawProductRequest{Id: lamp.GetId()})
			return err
		}},
	} {
		if err := write.do(); err != nil {
			t.Fatal(err)
		}
		if told := w.read(t); !slices.Equal(told, []string{lamp.GetId()}) {
			t.Errorf("%s: told of %v, want the lamp", write.name, told)
		}
	}
	in := &catalogv1.ProductInput{Title: "Jug", Variants: []*catalogv1.Variant{{Sku: "J", Price: pounds(100)}}}
	if jug := b.create(t, in); !slices.Contains(w.read(t), jug.GetId()) {
		t.Error("a new product is not told")
	}
}

package postgres_test

import (
	"fmt"
	"testing"

	"souk/services/carts/internal/carts"
)

// BenchmarkCart measures typical operations on a cart of five lines, in shops of several sizes: sequentially, and in "crowd" by
// six shoppers with one cart.
func BenchmarkCart(b *testing.B) {
	for _, n := range []int{100, 500, 1500, 100_000} {
		s, _, id := shop(b, n)
		next := 0
		add := func() {
			next++
			put(b, s, "", id, fmt.Sprint("S", next%5), int64(next%100+1))
		}
		view := func() { get(b, s, "", id) }
		checkOut := func() {
			if err := s.CheckOut(b.Context(), id, carts.Checkout{OrderID: newID(), Lines: []carts.Line{{SKU: "S1", Quantity: 1}}}); err != nil {
				b.Fatal(err)
			}
		}
		for _, step := range []struct {
			name string
			do   func()
		}{{"add", add}, {"view", view}, {"checkout", checkOut}} {
			b.Run(fmt.Sprintf("carts=%d/%s", n, step.name), func(b *testing.B) {
				for b.Loop() {
					step.do()
				}
			})
		}
		b.Run(fmt.Sprintf("carts=%d/crowd", n), func(b *testing.B) {
			b.SetParallelism(3)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					put(b, s, "", id, "S1", 7)
				}
			})
		})
	}
}

package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"souk/services/inventory/internal/inventory"
)

const plenty = 1_000_000_000

// open sets the stock of SKU-0000, SKU-0001 and so on.
func open(t testing.TB, s *inventory.Service, skus int, quantity int64) {
	t.Helper()
	for start := 0; start < skus; start += 2000 {
		var lines []inventory.Line
		for i := start; i < min(start+2000, skus); i++ {
			lines = append(lines, inventory.Line{SKU: fmt.Sprintf("SKU-%04d", i), Quantity: quantity})
		}
		if _, err := s.Open(t.Context(), lines, "import"); err != nil {
			t.Fatal(err)
		}
	}
}

// basket returns one piece each of random SKUs, in random order.
func basket(skus, lines int) inventory.Reservation {
	r := reservation()
	for _, n := range rand.Perm(skus)[:lines] {
		r.Lines = append(r.Lines, inventory.Line{SKU: fmt.Sprintf("SKU-%04d", n), Quantity: 1})
	}
	return r
}

// BenchmarkSale reserves and commits baskets of three lines by 16 concurrent buyers.
func BenchmarkSale(b *testing.B) {
	for _, skus := range []int{3, 1000} {
		b.Run(fmt.Sprintf("skus=%d", skus), func(b *testing.B) {
			s := newService(wide(b, 16))
			open(b, s, skus, plenty)
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := basket(skus, 3)
					if _, err := s.Reserve(b.Context(), r); err != nil {
						b.Error(err)
						return
					}
					if err := s.Commit(b.Context(), r.OrderID); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

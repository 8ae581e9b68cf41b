package handler

import "sync"

// soldOutShare is the share of listed products that are sold out, by the products listed lately. A list of products in stock reads
// more products when it is high.
type soldOutShare struct {
	mu    sync.Mutex
	share float64
}

const (
	// The share that a new gateway expects.
	soldOutFirst = 0.1
	// About how many products count, the latest ones.
	soldOutMemory = 500
)

// note counts the products of a page, by whether each is sold out.
func (s *soldOutShare) note(soldOut []bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, is := range soldOut {
		s.share -= s.share / soldOutMemory
		if is {
			s.share += 1.0 / soldOutMemory
		}
	}
}

// pageFor returns how many products to read to find one more than a number that is in stock. It reads ahead twice as many as are
// sold out on average, in steps of an eighth, because the pages of catalog that are cached should not change their size often.
// For example, to find 20 products it reads 21 if hardly any is sold out, and 26 if one in ten is.
func (s *soldOutShare) pageFor(limit int32) int32 {
	s.mu.Lock()
	eighths := int32(16*s.share + 0.9)
	s.mu.Unlock()
	return min(limit+limit*eighths/8+1, stockPage)
}

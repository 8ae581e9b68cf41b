package rpc

import (
	"log/slog"
	"sync"
)

// repeater repeats failed calls of one connection within a budget, like that of gRPC's own retries.
type repeater struct {
	logger *slog.Logger

	mu     sync.Mutex
	tokens float64
}

func newRepeater(logger *slog.Logger) *repeater {
	return &repeater{logger: logger, tokens: float64(budget.MaxTokens)}
}

// spend takes a token for repeating a call. It returns false if the budget is used up.
func (r *repeater) spend() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens <= float64(budget.MaxTokens)/2 {
		return false
	}
	r.tokens--
	return true
}

// earn adds a fraction of a token after a successful call.
func (r *repeater) earn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens = min(r.tokens+budget.TokenRatio, float64(budget.MaxTokens))
}

package rpc

import (
	"log/slog"
	"sync"
)

// repeater makes calls of one connection again, within a budget like that of gRPC's own retries.
type repeater struct {
	logger *slog.Logger

	mu     sync.Mutex
	tokens float64
}

func newRepeater(logger *slog.Logger) *repeater {
	return &repeater{logger: logger, tokens: float64(budget.MaxTokens)}
}

// spend takes a token for a call that is made again. It reports false if there are none to take.
func (r *repeater) spend() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens <= float64(budget.MaxTokens)/2 {
		return false
	}
	r.tokens--
	return true
}

// earn gives a part of a token for a call that went well.
func (r *repeater) earn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens = min(r.tokens+budget.TokenRatio, float64(budget.MaxTokens))
}

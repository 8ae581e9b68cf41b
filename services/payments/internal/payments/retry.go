package payments

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	attempts   = 3
	retryAfter = 50 * time.Millisecond
)

// retry calls the provider again after an error that had no effect, and returns ErrProviderUnavailable when that
// does not help. It is safe after any error, because calls are idempotent by reference; but an unknown outcome is for
// the caller to come back to.
func retry[T any](ctx context.Context, logger *slog.Logger, call func() (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		answer, err := call()
		switch {
		case errors.Is(err, ErrOutcomeUnknown):
			logger.WarnContext(ctx, "the provider's answer was lost", "error", err)
			return answer, err
		case final(err):
			return answer, err
		case attempt == attempts:
			logger.WarnContext(ctx, "the provider keeps failing", "error", err)
			return answer, fmt.Errorf("%w: %w", ErrProviderUnavailable, err)
		}
		select {
		case <-ctx.Done():
			return answer, ErrOutcomeUnknown
		case <-time.After(time.Duration(attempt) * retryAfter):
		}
	}
}

// final reports whether a provider's answer is one that asking again does not change.
func final(err error) bool {
	for _, answer := range []error{ErrUnknownMethod, ErrNotFound, ErrNotAuthorized, ErrAlreadyCaptured} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return err == nil
}

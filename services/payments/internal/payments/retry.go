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

// retry repeats a call to the provider after an error without effect, and returns ErrProviderUnavailable if that does not help.
// Retrying would be safe after any error, because calls are idempotent, but after ErrOutcomeUnknown the caller decides when to
// try again.
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

// final reports whether repeating the call would not change the provider's answer.
func final(err error) bool {
	for _, answer := range []error{ErrUnknownMethod, ErrNotFound, ErrNotAuthorized, ErrAlreadyCaptured} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return err == nil
}

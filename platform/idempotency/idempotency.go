// Package idempotency defines requests that take effect only once. A client adds a key to a request and, if it gets no answer,
// sends the same request with the same key again. The request takes effect once, and each time gets the first answer.
package idempotency

import (
	"bytes"
	"context"
	"errors"
	"time"

	"souk/platform/field"
)

// MaxKey is the maximum length of a key, in characters.
const MaxKey = 255

// KeepFor is how long keys are stored after their first use. Clients are promised 24 hours.
const KeepFor = 48 * time.Hour

// SweepEvery is the interval at which to delete keys older than KeepFor.
const SweepEvery = time.Hour

var (
	// ErrReused is returned for a key that was used with a different request before.
	ErrReused = errors.New("the idempotency key was used for another request")
	// ErrInProgress is returned while the first request with the key is still running.
	ErrInProgress = errors.New("the first request with the idempotency key is still running")
)

// CheckKey records a violation of the field called name unless key is one line of 1 to 255 characters.
func CheckKey(c *field.Checker, name, key string) {
	c.CheckLine(name, key, true, MaxKey)
}

// Request is a request with a key.
type Request struct {
	// Caller and Method are the scope of Key: each caller has separate keys for each RPC.
	Caller, Method, Key string
	// Fingerprint is a hash of the request, which distinguishes it from other requests.
	Fingerprint []byte
	// RequestID is the ID of the HTTP request that caused this one.
	RequestID string
	// Retried says that the caller repeats this call because it got no answer.
	Retried bool
}

// Use is the stored use of a key.
type Use struct {
	// Fingerprint and RequestID belong to the first request with the key.
	Fingerprint []byte
	RequestID   string
	// Subject is the ID of the object that the request creates or changes, such as an order; empty if none was given.
	Subject string
	// Answer is the first answer, or nil if there is none yet.
	Answer []byte
}

// Check returns ErrReused unless r is the request that the key was used for.
func (u Use) Check(r Request) error {
	if !bytes.Equal(u.Fingerprint, r.Fingerprint) {
		return ErrReused
	}
	return nil
}

// Answer is the first answer to a key.
type Answer struct {
	Content []byte
	// Replayed says that the answer was first given to an earlier request.
	Replayed bool
}

// Replays reports whether an answer that was first given to the HTTP request requestID is a replay for r. For a repeated call
// of the same HTTP request it is not, because its client has not received an answer yet.
func (r Request) Replays(requestID string) bool {
	return !r.Retried || r.RequestID != requestID
}

// Keeper stores keys and their answers.
type Keeper interface {
	// Do runs work to answer r, or returns the answer that an earlier request with the key got. It returns ErrReused,
	// ErrInProgress, or the error of work; in the latter case the key can be used again.
	Do(ctx context.Context, r Request, work func(context.Context) ([]byte, error)) (Answer, error)
}

// Package idempotency is responsible for requests that take effect once. A client gives a request a key of its own and,
// when it got no answer, sends both again: the request takes effect once, and every time is answered as the first time was.
package idempotency

import (
	"bytes"
	"context"
	"errors"
	"time"

	"souk/platform/field"
)

// MaxKey is the most characters of a key.
const MaxKey = 255

// KeepFor is how long keys are kept after their first use. Clients are promised 24 hours.
const KeepFor = 48 * time.Hour

// SweepEvery is how often keys that are older than KeepFor are to be deleted.
const SweepEvery = time.Hour

var (
	// ErrReused is returned for a key that came with another request before.
	ErrReused = errors.New("the idempotency key was used for another request")
	// ErrInProgress is returned while the first request with the key is still running.
	ErrInProgress = errors.New("the first request with the idempotency key is still running")
)

// CheckKey records a violation of the field called name unless key is one line of 1 to 255 characters.
func CheckKey(c *field.Checker, name, key string) {
	c.CheckLine(name, key, true, MaxKey)
}

// Request is the use of a key.
type Request struct {
	// Caller and Method are the scope of Key: each caller has keys of their own for each RPC.
	Caller, Method, Key string
	// Fingerprint is a digest of the request, by which it is told from others.
	Fingerprint []byte
	// RequestID names the HTTP request that this one is made for.
	RequestID string
	// Retried tells that the caller makes this call again, because the one before brought no answer.
	Retried bool
}

// Use is what is known of a key that was used.
type Use struct {
	// Fingerprint and RequestID are those of the first request with the key.
	Fingerprint []byte
	RequestID   string
	// Subject is the id of what the request makes or changes, such as an order; empty if none was given.
	Subject string
	// Answer is the first answer, or nil as long as there is none.
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
	// Replayed tells that the answer was made for an earlier request.
	Replayed bool
}

// Replays reports whether the answer to the request named requestID is a replay for r. A call made again for the same
// request is none: whoever waits for it has not been answered yet.
func (r Request) Replays(requestID string) bool {
	return !r.Retried || r.RequestID != requestID
}

// Keeper keeps keys and the answers to them.
type Keeper interface {
	// Do has work answer r, or returns the answer that an earlier request with the key got. It returns ErrReused,
	// ErrInProgress, or the error of work, which then may be done again under the same key.
	Do(ctx context.Context, r Request, work func(context.Context) ([]byte, error)) (Answer, error)
}

package pgkey_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"souk/platform/idempotency"
	"souk/platform/pgkey"
)

const subject = "0198a000-0000-7000-8000-00000000000a"

// door opens once, however often it is asked to, and counts the requests.
type door struct {
	keys  idempotency.Keeper
	asked atomic.Int64
}

func newDoor(t *testing.T, c *counter) *door {
	t.Helper()
	return &door{keys: pgkey.NewSteps(c.pool).About(subject)}
}

func (d *door) open(context.Context) ([]byte, error) {
	return fmt.Appendf(nil, "asked %d times", d.asked.Add(1)), nil
}

func TestRepeatedStepsGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	d := newDoor(t, c)
	for i := range 3 {
		answer, err := d.keys.Do(t.Context(), use("k"), d.open)
		if err != nil || string(answer.Content) != "asked 1 times" || answer.Replayed != (i > 0) {
			t.Errorf("request %d: %q, replayed %t, %v", i, answer.Content, answer.Replayed, err)
		}
	}
	other := use("k")
	other.Fingerprint = []byte("another")
	if _, err := d.keys.Do(t.Context(), other, d.open); !errors.Is(err, idempotency.ErrReused) || d.asked.Load() != 1 {
		t.Errorf("the key with another request: %v, asked %d times", err, d.asked.Load())
	}
	var found int
	err := c.pool.QueryRow(t.Context(), `SELECT count(*) FROM idempotent_requests WHERE subject = $1`, subject).Scan(&found)
	if err != nil || found != 1 {
		t.Errorf("%d answers about the subject, %v; want 1", found, err)
	}
}

func TestFiftyConcurrentRequestsForStepsGetOneAnswer(t *testing.T) {
	t.Parallel()
	d := newDoor(t, newCounter(t))
	var all sync.WaitGroup
	var first atomic.Int64
	answers := make([]string, 50)
	for i := range answers {
		all.Go(func() {
			answer, err := d.keys.Do(t.Context(), use("k"), d.open)
			if err != nil {
				t.Error(err)
			}
			if !answer.Replayed {
				first.Add(1)
			}
			answers[i] = string(answer.Content)
		})
	}
	all.Wait()
	for _, answer := range answers {
		if answer != answers[0] {
			t.Errorf("answered %q and %q", answers[0], answer)
		}
	}
	if first.Load() != 1 {
		t.Errorf("%d answers were no replays, want 1", first.Load())
	}
}

func TestRefusedStepsFreeTheKey(t *testing.T) {
	t.Parallel()
	d := newDoor(t, newCounter(t))
	refused := errors.New("no")
	// The caller leaves at the same time.
	ctx, leave := context.WithCancel(t.Context())
	_, err := d.keys.Do(ctx, use("k"), func(context.Context) ([]byte, error) {
		leave()
		return nil, refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("%v, want the error of the work", err)
	}
	other := use("k")
	other.Fingerprint = []byte("another")
	if answer, err := d.keys.Do(t.Context(), other, d.open); err != nil || answer.Replayed {
		t.Errorf("after a refusal: %+v, %v", answer, err)
	}
}

// The process dies after claiming the key.
func TestStepsOfADeadProcessAreRepeated(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	d := newDoor(t, c)
	_, err := c.pool.Exec(t.Context(), `INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, subject)
		VALUES ('sam', '/s/Add', 'k', 'add one', 'r0', $1)`, subject)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := d.keys.Do(t.Context(), use("k"), d.open)
	if err != nil || string(answer.Content) != "asked 1 times" || !answer.Replayed {
		t.Errorf("%q, replayed %t, %v", answer.Content, answer.Replayed, err)
	}
}

func TestAnInvalidSubjectIDIsNotSaved(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	d := newDoor(t, c)
	if _, err := pgkey.NewSteps(c.pool).About("no id").Do(t.Context(), use("k"), d.open); err != nil {
		t.Error(err)
	}
}

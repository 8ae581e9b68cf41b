package orders

import (
	"errors"
	"testing"
	"time"

	"souk/services/orders/internal/order"
)

// FuzzCursor: a cursor leads back to where it was taken, and what is read of any other text is a place as well.
func FuzzCursor(f *testing.F) {
	const id = "0198a000-0000-7000-8000-00000000000c"
	good := cursorOf(order.Position{CreatedAt: time.Unix(1_795_000_000, 0), ID: id})
	for _, seed := range []string{good, good + "=", "", "LjA", cursorOf(order.Position{CreatedAt: time.UnixMicro(-1), ID: id}), cursorOf(order.Position{ID: id})} {
		f.Add(seed, int64(1e15))
	}
	f.Fuzz(func(t *testing.T, cursor string, micros int64) {
		position, err := parseCursor(cursor)
		if err != nil && !errors.Is(err, ErrBadCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
		if err == nil {
			if again, err := parseCursor(cursorOf(position)); err != nil || again != position {
				t.Errorf("%q is %+v, whose cursor is %+v (%v)", cursor, position, again, err)
			}
		}
		if micros < 0 || micros > 1e16 {
			return
		}
		at := order.Position{CreatedAt: time.UnixMicro(micros).UTC(), ID: id}
		if got, err := parseCursor(cursorOf(at)); err != nil || got != at {
			t.Errorf("the cursor of %+v leads to %+v: %v", at, got, err)
		}
	})
}

package orders_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// What an instance of the version before does: an order of its own has a job, one that it finishes has none left, and one that it
// gives work has a new one.
const (
	oldPlace = `INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', $2::text, 'number', $2::text, 'job_id', 1, 'due_at', NULL))).*
		FROM orders o WHERE id = $1`
	oldConfirm = `UPDATE orders SET status = 'confirmed', version = version + 1, cart_checked_out = true, job_id = NULL WHERE id = $1`
	oldCancel  = `UPDATE orders SET intent = 'cancel', version = version + 1, job_id = 2 WHERE id = $1`
)

func TestAnOrderWithAJobOfTheVersionBeforeIsDue(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.world.failing("before reserve")
	ours := s.mustPlace(t, buy("ours", visa)).ID
	s.world.setHook(nil)

	theirs := uuid.NewString()
	s.exec(t, oldPlace, ours, theirs)
	if !s.isDue(t, theirs) {
		t.Error("an order of theirs is not due")
	}
	for _, id := range []string{ours, theirs} {
		s.exec(t, oldConfirm, id)
		if s.isDue(t, id) {
			t.Errorf("order %s has no job, and is due", id)
		}
	}
	s.exec(t, oldCancel, ours)
	if !s.isDue(t, ours) {
		t.Error("an order that they are to cancel is not due")
	}
	s.makeDue(t, 0)
	s.finishDue(t)
	eventually(t, "it is cancelled", func() bool { return s.mustGet(t, ours).Status == order.StatusCancelled })
}

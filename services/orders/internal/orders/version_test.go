package orders_test

import (
	"errors"
	"reflect"
	"testing"

	"souk/platform/idempotency"
	"souk/platform/pgdb"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// What an instance of the version before does with the keys of checkouts and refunds.
const (
	oldCheckoutKey    = `INSERT INTO idempotency_keys (customer_id, key, fingerprint, order_id, request_id) VALUES ($1, $2, $3, $4, $5)`
	oldCheckoutAnswer = `UPDATE idempotency_keys SET answer = coalesce(answer, $2) WHERE order_id = $1 RETURNING answer`
	oldRefundKey      = `INSERT INTO refund_keys (staff_id, key, fingerprint, refund_id) VALUES ($1, $2, $3, $4)`
	oldRefundAnswer   = `UPDATE refund_keys SET answered = coalesce(answered, $2) WHERE refund_id = $1 RETURNING answered`
)

// forget makes the order's key unknown to both versions.
func (s *shop) forget(t *testing.T) {
	t.Helper()
	s.exec(t, "DELETE FROM idempotent_requests")
	var left int
	err := s.pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM idempotency_keys) + (SELECT count(*) FROM refund_keys)").Scan(&left)
	if err != nil || left != 0 {
		t.Fatalf("the version before still has %d keys, %v", left, err)
	}
}

func TestACheckoutOfTheVersionBeforeIsReplayed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	req := buy("key", visa)
	s.forget(t)
	s.exec(t, oldCheckoutKey, customer, "key", req.Fingerprint(), o.ID, "req-old")
	s.exec(t, oldCheckoutAnswer, o.ID, o)
	replay, err := s.PlaceOrder(t.Context(), req)
	if err != nil || !replay.Replayed || replay.RequestID != "req-old" || !reflect.DeepEqual(replay.Order, o) {
		t.Errorf("%+v, %v; want the answer of the version before", replay, err)
	}
	s.exec(t, "DELETE FROM idempotency_keys")
	if _, err := s.store.Key(t.Context(), idempotency.Request{Caller: customer, Method: checkout.PlaceMethod, Key: "key"}); !errors.Is(err, order.ErrKeyUnknown) {
		t.Errorf("after the version before forgot the key: %v", err)
	}
}

func TestTheVersionBeforeKnowsTheKeyOfACheckout(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	_, err := s.pool.Exec(t.Context(), oldCheckoutKey, customer, "key", []byte{}, o.ID, "req-old")
	if !pgdb.IsUnique(err, "idempotency_keys_pkey") {
		t.Errorf("the key is taken again: %v", err)
	}
	var answer order.View
	if err := s.pool.QueryRow(t.Context(), oldCheckoutAnswer, o.ID, order.View{}).Scan(&answer); err != nil || !reflect.DeepEqual(answer, o) {
		t.Errorf("answers %+v, %v; want %+v", answer, err, o)
	}
}

func TestARefundIsKnownToBothVersions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	given, err := s.RefundOrder(t.Context(), pay(o, "key", 500))
	if err != nil {
		t.Fatal(err)
	}
	var answered string
	err = s.pool.QueryRow(t.Context(), oldRefundAnswer, given.Refund.ID, "pending").Scan(&answered)
	if err != nil || answered != string(order.RefundSucceeded) {
		t.Errorf("the version before answers %q, %v", answered, err)
	}
	var fingerprint []byte
	if err := s.pool.QueryRow(t.Context(), "SELECT fingerprint FROM refund_keys").Scan(&fingerprint); err != nil {
		t.Fatal(err)
	}
	s.forget(t)
	s.exec(t, oldRefundKey, staff, "key", fingerprint, given.Refund.ID)
	s.exec(t, oldRefundAnswer, given.Refund.ID, "pending")
	again, err := s.RefundOrder(t.Context(), pay(o, "key", 500))
	if err != nil || !again.Replayed || again.Refund.ID != given.Refund.ID || again.Refund.Status != order.RefundPending {
		t.Errorf("%+v, %v; want what the version before answered", again, err)
	}
}

// Two instances of different versions place an order under one key at once: one of them waits for the other, and fails.
func TestTwoVersionsDoNotShareAKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustPlace(t, buy("old", declined))
	req := buy("key", visa)
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "DELETE FROM idempotency_keys"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), oldCheckoutKey, customer, "key", req.Fingerprint(), o.ID, "req-old"); err != nil {
		t.Fatal(err)
	}
	placed := make(chan error)
	go func() {
		_, err := s.PlaceOrder(t.Context(), req)
		placed <- err
	}()
	eventually(t, "the new version waits", func() bool { return s.waiting(t) > 0 })
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-placed; err != nil && !errors.Is(err, idempotency.ErrInProgress) {
		t.Errorf("placed: %v", err)
	}
	if ids := s.ids(t, customer); len(ids) != 1 {
		t.Errorf("orders %v, want that of the version before", ids)
	}
}

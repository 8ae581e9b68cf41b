package orders_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"souk/platform/idempotency"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

func TestFiftyIdenticalRequestsAreOneOrderAndOneAnswer(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{"confirmed": visa, "declined": declined} {
		s := newShop(t)
		answers := make([]checkout.Placement, 50)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() {
				eventually(t, "an answer", func() bool {
					placement, err := s.PlaceOrder(t.Context(), buy("same", method))
					if err != nil && !errors.Is(err, idempotency.ErrInProgress) {
						t.Errorf("%s: %v", name, err)
						return true
					}
					answers[i] = placement
					return err == nil
				})
			})
		}
		group.Wait()
		first := 0
		for _, answer := range answers {
			if !answer.Replayed {
				first++
			}
			if !reflect.DeepEqual(answer.Order, answers[0].Order) || answer.RequestID != answers[0].RequestID {
				t.Errorf("%s: answered %+v and %+v", name, answers[0], answer)
			}
		}
		if ids := s.ids(t, customer); len(ids) != 1 || first != 1 {
			t.Errorf("%s: %d orders, %d first answers, want one of each", name, len(ids), first)
		}
		s.world.mustAgreeWith(t, answers[0].Order)
	}
}

func TestAKeyIsGoodForOneRequestOfOneCustomer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.mustConfirm(t)
	other := buy("key", visa)
	other.ShippingOption = "express"
	if _, err := s.PlaceOrder(t.Context(), other); !errors.Is(err, idempotency.ErrReused) {
		t.Errorf("another request: %v", err)
	}
	s.world.Carts.Lines[cartID] = []order.Item{{SKU: "MUG", Quantity: 1}}
	stranger := buy("key", visa)
	stranger.CustomerID = "stranger"
	if placement, err := s.PlaceOrder(t.Context(), stranger); err != nil || placement.Replayed {
		t.Errorf("another customer: %+v, %v", placement, err)
	}
}

func TestAReplayNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	if _, err := s.CancelOrder(t.Context(), customer, o.ID); err != nil {
		t.Fatal(err)
	}
	s.world.setHook(func(context.Context, string) error { return errAway })
	replay, err := s.PlaceOrder(t.Context(), buy("key", visa))
	if err != nil || !replay.Replayed || replay.RequestID != "req-key" || !reflect.DeepEqual(replay.Order, o) {
		t.Errorf("%v, %+v, want the first answer, from before the cancellation", err, replay)
	}
}

func TestAKeyIsInProgressUntilItsTimeIsOver(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.killed(t, func(point string) bool { return point == "after reserve" }, func(ctx context.Context) {
		_, _ = s.PlaceOrder(ctx, buy("killed", visa))
	})
	if _, err := s.PlaceOrder(t.Context(), buy("killed", visa)); !errors.Is(err, idempotency.ErrInProgress) {
		t.Errorf("at once: %v", err)
	}
	s.exec(t, "UPDATE orders SET created_at = created_at - interval '1 minute'")
	late, err := s.PlaceOrder(t.Context(), buy("killed", visa))
	if err != nil || !late.Replayed || late.Order.Status != order.StatusPending {
		t.Fatalf("later: %s, %v, want pending", late.Order.Status, err)
	}
	if err := s.Advance(t.Context(), late.Order.ID); err != nil {
		t.Fatal(err)
	}
	if again, err := s.PlaceOrder(t.Context(), buy("killed", visa)); err != nil || !reflect.DeepEqual(again, late) {
		t.Errorf("again: %+v, %v, want what was answered first", again, err)
	}
}

func TestACallMadeAgainFinishesTheOrderOfTheProcessThatDied(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{"confirmed": visa, "declined": declined} {
		s := newShop(t)
		s.killed(t, func(point string) bool { return point == "after reserve" }, func(ctx context.Context) {
			_, _ = s.PlaceOrder(ctx, buy("killed", method))
		})
		again := buy("killed", method)
		again.Retried = true
		placement, err := s.PlaceOrder(t.Context(), again)
		if err != nil || placement.Replayed || placement.Order.Status == order.StatusPending {
			t.Fatalf("%s: made again: %v, %s, replayed %v", name, err, placement.Order.Status, placement.Replayed)
		}
		s.world.mustAgreeWith(t, placement.Order)
		replay, err := s.PlaceOrder(t.Context(), buy("killed", method))
		if err != nil || !replay.Replayed || !reflect.DeepEqual(replay.Order, placement.Order) {
			t.Errorf("%s: replay: %+v, %v, want what was answered first", name, replay, err)
		}
	}
}

func TestADuplicateThatFindsTheCartEmptiedIsAReplay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	inside := false
	var first checkout.Placement
	s.world.setHook(func(context.Context, string) error {
		if inside {
			return nil
		}
		inside = true // the duplicate has looked for its key, and now the first request overtakes it
		var err error
		if first, err = s.PlaceOrder(t.Context(), buy("twice", visa)); err != nil {
			t.Errorf("first: %v", err)
		}
		return nil
	})
	duplicate, err := s.PlaceOrder(t.Context(), buy("twice", visa))
	if err != nil || !duplicate.Replayed || !reflect.DeepEqual(duplicate.Order, first.Order) {
		t.Errorf("duplicate: %+v, %v", duplicate, err)
	}
}

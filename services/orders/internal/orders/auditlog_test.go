package orders_test

import (
	"slices"
	"strings"
	"testing"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/security"

	"souk/services/orders/internal/order"
)

// logged returns the records of an order in the audit log, the oldest first.
func (s *shop) logged(t *testing.T, orderID string) (actions []audit.Action, records []audit.Record) {
	t.Helper()
	records, more, err := pgaudit.New(s.pool).List(t.Context(), audit.Filter{Subject: orderID, Limit: 100})
	if err != nil || more {
		t.Fatal(more, err)
	}
	slices.Reverse(records)
	for _, r := range records {
		actions = append(actions, r.Action)
	}
	return actions, records
}

// Every request is made twice, and decides something once. What a checkout does is in the logs of inventory and payments.
func TestEachDecisionIsInTheAuditLogOnceWithoutWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ctx := security.WithActor(t.Context(), security.Actor{Customer: staff, Staff: true, Service: "gateway", Address: "192.0.2.1/32"})
	o := s.mustConfirm(t)
	for range 2 {
		if _, err := s.DispatchOrder(ctx, staff, o.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.world.move(o.ID, order.EventDelivered)
	if err := s.FollowParcels(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused, withdrawn := s.mustReturn(t, sendBack(o, "MUG", 1)), s.mustReturn(t, sendBack(o, "MUG", 1))
	for range 2 {
		if _, err := s.RefuseReturn(ctx, staff, refused.ID, "a secret reason"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.WithdrawReturn(t.Context(), o.CustomerID, o.ID, withdrawn.ID); err != nil {
			t.Fatal(err)
		}
	}
	taken := s.mustReturn(t, sendBack(o, "MUG", 1))
	for range 2 {
		if _, err := s.ReceiveReturn(ctx, received(taken)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.RefundOrder(ctx, pay(o, "k", 100)); err != nil {
			t.Fatal(err)
		}
	}
	actions, records := s.logged(t, o.ID)
	want := []audit.Action{
		audit.OrderDispatchDecided, audit.ReturnRequested, audit.ReturnRequested, audit.ReturnRefused, audit.ReturnWithdrawn,
		audit.ReturnRequested, audit.RefundDecided, audit.ReturnReceived, audit.RefundDecided,
	}
	if !slices.Equal(actions, want) {
		t.Fatalf("the log: %v, want %v", actions, want)
	}
	for _, r := range records {
		for _, text := range r.Detail {
			if strings.Contains(text, "secret") || text == "broken" || text == "sorry" {
				t.Errorf("%s has what somebody wrote: %q", r.Action, text)
			}
		}
	}
	if by := (audit.Actor{Kind: audit.Staff, ID: staff, Service: "gateway", Address: "192.0.2.1/32"}); records[0].Actor != by || records[8].Actor != by {
		t.Errorf("%+v, %+v", records[0], records[8])
	}
	if records[3].Detail["return"] != refused.ID || records[8].Detail["amount"] != "1.00 GBP" {
		t.Errorf("%+v, %+v", records[3], records[8])
	}
}

func TestACancellationIsInTheAuditLogOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	for range 2 {
		if _, err := s.CancelAnyOrder(t.Context(), staff, o.ID, "damaged"); err != nil {
			t.Fatal(err)
		}
	}
	if actions, _ := s.logged(t, o.ID); !slices.Equal(actions, []audit.Action{audit.OrderCancellationDecided}) {
		t.Errorf("the log: %v", actions)
	}
}

package audit

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
)

// after returns a hook that does something at the nth call of an RPC.
func after(rpc string, n int, do func()) func(string) error {
	calls := 0
	return func(called string) error {
		if called != rpc {
			return nil
		}
		if calls++; calls == n {
			do()
		}
		return nil
	}
}

func TestAMismatchThatGoesAwayIsNoBreak(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.find("fulfilled-1").shipments = 0
	w.stocks[0].Owned++
	shipped := after("GetOrder", 1, func() { w.find("fulfilled-1").shipments = 1 })
	counted := after("ListStock", 3, func() { w.stocks[0].Owned-- })
	w.before = func(rpc string) error { _ = shipped(rpc); return counted(rpc) }
	if report := w.audit(t); !report.OK() || report.Compared != 10 {
		t.Errorf("broken %q, compared %d; want none of 10", brokenChecks(report), report.Compared)
	}
}

// The order is read as confirmed and then cancelled, before the other services are read.
func TestAnOrderThatMovesOnBetweenTwoReadsIsNoBreak(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.before = after("ListBooks", 1, func() {
		s := w.find("confirmed-1")
		*s = *called(1)
		s.id = "confirmed-1"
		s.order.Id, s.reservation.OrderId, s.books[0].Payment.OrderId = s.id, s.id, s.id
		s.order.ChangedAt = ago(0)
	})
	if report := w.audit(t); !report.OK() || report.Compared != 10 {
		t.Errorf("broken %q, compared %d; want none of 10", brokenChecks(report), report.Compared)
	}
}

func TestAnOrderThatIsWorkedOnIsLeftOutWhateverItsBooksSay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.find("confirmed-1")
	s.order.InProgress, s.order.ChangedAt = true, ago(10*time.Second)
	s.books = []*paymentsv1.Books{ledger(s.id, 0, price, 0)}
	s.books[0].Provider.Captured = pounds(0)
	s.shipments = 1
	report := w.audit(t)
	if !report.OK() || report.Compared != 9 || len(report.InProgress) != 3 {
		t.Errorf("broken %q, compared %d, in progress %d; want none, 9, 3", brokenChecks(report), report.Compared, len(report.InProgress))
	}
}

func TestAnOrderThatKeepsChangingIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.find("fulfilled-1")
	s.shipments = 0
	changes := time.Duration(0)
	w.before = func(rpc string) error {
		if rpc == "GetOrder" {
			changes++
			s.order.ChangedAt = ago(time.Hour - changes*time.Second)
		}
		return nil
	}
	report := w.audit(t)
	if !report.OK() || report.Changing != 1 || report.Compared != 9 {
		t.Errorf("broken %q, changing %d, compared %d; want none, 1, 9", brokenChecks(report), report.Changing, report.Compared)
	}
}

func TestAnOrderPlacedWhileTheListIsReadIsCompared(t *testing.T) {
	t.Parallel()
	w := newWorld()
	late := bought(confirmed, 9)
	late.unlisted = true
	w.sales = append(w.sales, late)
	if report := w.audit(t); !report.OK() || report.Compared != 11 {
		t.Errorf("broken %q, compared %d; want none of 11", brokenChecks(report), report.Compared)
	}
	late.books[0].Open.Amount, late.books[0].Authorized.Amount = 1, 1
	if got, want := brokenChecks(w.audit(t)), "money: a confirmed order has its total open or captured"; !slices.Contains(got, want) {
		t.Errorf("broken: %q, want %q among them", got, want)
	}
}

func TestAHoldOfAnOrderThatIsNotThereYetIsNoBreak(t *testing.T) {
	t.Parallel()
	w := newWorld()
	hold(w.stray("soon"), -10*time.Minute)
	w.stray("barred").reservation.Status = inventoryv1.Reservation_STATUS_RELEASED
	if report := w.audit(t); !report.OK() {
		t.Errorf("broken %q", brokenChecks(report))
	}
}

func TestAServiceThatIsAwayForAMomentIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	failures := 2
	w.before = func(rpc string) error {
		if rpc == "ListShipments" && failures > 0 {
			failures--
			return status.Error(codes.Unavailable, "restarting")
		}
		return nil
	}
	if report := w.audit(t); !report.OK() || failures != 0 {
		t.Errorf("broken %q, %d failures left", brokenChecks(report), failures)
	}
}

func TestBooksThatCannotBeReadAreAnError(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{"ListAllOrders", "GetOrder", "ListStock", "ListReservations", "ListBooks", "ListShipments"} {
		w := newWorld()
		w.find("fulfilled-1").shipments = 0
		w.before = func(rpc string) error {
			if rpc == refused {
				return status.Error(codes.PermissionDenied, "not for this caller")
			}
			return nil
		}
		report, err := audit(t.Context(), w.services(t), Config{Patience: time.Millisecond})
		if status.Code(err) != codes.PermissionDenied || report != nil {
			t.Errorf("%s is refused: report %v, err %v", refused, report, err)
		}
	}
}

func TestAnAuditEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.find("fulfilled-1").shipments = 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.before = after("GetOrder", 1, cancel)
	if _, err := audit(ctx, w.services(t), Config{Patience: time.Hour / 1000}); err == nil {
		t.Error("no error")
	}
}

func TestTheProviderIsOnlyAskedWhenTold(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.books("confirmed-1").Provider = nil
	report, err := audit(t.Context(), w.services(t), Config{Patience: time.Millisecond})
	if err != nil || !report.OK() {
		t.Fatalf("%v, broken %q", err, brokenChecks(report))
	}
	for _, c := range report.Checks {
		if c.Name == "provider: open = ours" {
			t.Error("the provider was checked")
		}
	}
}

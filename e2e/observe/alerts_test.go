package observe

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
)

// How long an alert may take to fire after its cause, and to end after that has ended.
const alertWithin = 3 * time.Minute

// signed signs a message as the card network does.
func signed(message json.RawMessage) shop.Header {
	at := time.Now().Unix()
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	fmt.Fprintf(mac, "%d.%s", at, message)
	return shop.Header{Name: "Souk-Signature", Value: fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))}
}

// A day of the card network is a minute, so that a refund fails after one.
func TestAlertsFireForTheirCauses(t *testing.T) {
	if os.Getenv("SOUK_CHAOS") != "full" {
		t.Skip("takes ten minutes: set SOUK_CHAOS=full, or make chaos")
	}
	w := open(t, "SOUK_PAYMENTS_SIMULATOR_DAY=1m", "SOUK_CARTS_CONCURRENCY=16")
	w.speedUp(t)
	w.day(t)
	t.Run("a healthy shop wakes nobody", w.nobodyIsWoken)
	t.Run("money", w.moneyNeedsAPerson)
	t.Run("webhooks", w.forgedWebhooks)
	t.Run("carts fail", w.cartsFail)
	t.Run("a locked table", w.cartsWait)
	t.Run("without shipping", w.withoutShipping)
	t.Run("without orders", w.withoutOrders)
	t.Run("books", w.brokenBooks)
	t.Run("without an audit", w.withoutAnAudit)
}

// nobodyIsWoken waits until rules have looked at the shop for some time.
func (w *watched) nobodyIsWoken(t *testing.T) {
	await(t, scrapedWithin, func(ctx context.Context) error {
		return w.prometheus.mustHave(ctx, `max(max_over_time(souk_audit_violations[30s])) == 0`)
	})
	if err := w.prometheus.quiet(t.Context(), `severity="page"`); err != nil {
		t.Error(err)
	}
}

// fires does something again and again until an alert fires.
func (w *watched) fires(t *testing.T, alert string, again func(context.Context)) {
	t.Helper()
	await(t, alertWithin, func(ctx context.Context) error {
		if again != nil {
			again(ctx)
		}
		return w.prometheus.firing(ctx, alert)
	})
}

// ends waits until an alert does not fire any more.
func (w *watched) ends(t *testing.T, alert string) {
	t.Helper()
	await(t, alertWithin, func(ctx context.Context) error { return w.prometheus.quiet(ctx, fmt.Sprintf("alertname=%q", alert)) })
}

func (w *watched) moneyNeedsAPerson(t *testing.T) {
	sku, c := w.stocked(t), w.customer(t)
	old := w.buy(t, c, sku, "pm_card_visa")
	exec(t, w.database(t, "orders"), `UPDATE orders SET created_at = now() - interval '6 days' WHERE id = $1`, old.ID)
	w.fires(t, "AuthorizationEnding", nil)
	order := w.buy(t, c, sku, "pm_card_refund_fails")
	w.dispatch(t, order)
	w.refund(t, order)
	w.fires(t, "OrdersNeedStaff", nil)
}

func (w *watched) forgedWebhooks(t *testing.T) {
	forger := shop.New(w.URL())
	message := json.RawMessage(`{"id":"1","type":"payment.captured","reference":"souk-1"}`)
	w.fires(t, "WebhooksRefused", func(ctx context.Context) {
		_ = forger.Do(ctx, http.MethodPost, webhookPath, message, nil, signed(json.RawMessage(`{}`)))
	})
}

// cartsFail takes a table away from carts, which its code does not foresee.
func (w *watched) cartsFail(t *testing.T) {
	c := w.customer(t)
	cart := w.checkout(t, c, w.stocked(t), "pm_card_visa").CartID
	carts := w.database(t, "carts")
	exec(t, carts, `ALTER TABLE cart_lines RENAME TO cart_lines_away`)
	t.Cleanup(func() {
		_, err := carts.Exec(context.WithoutCancel(t.Context()), `ALTER TABLE IF EXISTS cart_lines_away RENAME TO cart_lines`)
		if err != nil {
			t.Error(err)
		}
	})
	look := func(ctx context.Context) { _ = c.Do(ctx, http.MethodGet, "/v1/carts/"+cart, nil, nil) }
	w.fires(t, "InternalErrors", look)
	w.fires(t, "BrowseErrors", look)
	exec(t, carts, `ALTER TABLE cart_lines_away RENAME TO cart_lines`)
	w.ends(t, "InternalErrors")
}

// cartsWait lets many shoppers wait for a table that is locked for some seconds again and again.
func (w *watched) cartsWait(t *testing.T) {
	c := w.customer(t)
	cart := w.checkout(t, c, w.stocked(t), "pm_card_visa").CartID
	carts := w.database(t, "carts")
	crowd := func(ctx context.Context) {
		tx, err := carts.Begin(ctx)
		if err != nil {
			return // no more time
		}
		if _, err := tx.Exec(ctx, `LOCK TABLE cart_lines IN ACCESS EXCLUSIVE MODE`); err != nil {
			t.Error(err)
		}
		var waiting sync.WaitGroup
		for range 200 {
			waiting.Go(func() { _ = c.Do(ctx, http.MethodGet, "/v1/carts/"+cart, nil, nil) })
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
		_ = tx.Rollback(context.WithoutCancel(ctx))
		waiting.Wait()
	}
	w.fires(t, "DatabasePoolFull", crowd)
	w.fires(t, "Overloaded", crowd)
	w.fires(t, "BrowseSlow", crowd)
	w.ends(t, "DatabasePoolFull")
}

// withoutShipping kills shipping while an order is to be dispatched.
func (w *watched) withoutShipping(t *testing.T) {
	c := w.customer(t)
	sku := w.stocked(t)
	order := w.buy(t, c, sku, "pm_card_visa")
	cart := w.checkout(t, c, sku, "pm_card_visa").CartID
	w.kill(t, "shipping")
	// It is saved, and carried out later.
	_ = w.staff.Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil)
	exec(t, w.database(t, "orders"), `UPDATE orders SET changed_at = now() - interval '20 minutes' WHERE id = $1`, order.ID)
	quote := func(ctx context.Context) { _, _ = c.Quote(ctx, cart, leeds) }
	for _, alert := range []string{"BreakerOpen", "ServiceDown", "InstanceDown", "FeedBehind", "BackgroundWorkFails", "OrdersStuck"} {
		w.fires(t, alert, quote)
	}
	w.aJobWaits(t, order)
	if err := w.Restart(t.Context(), "shipping"); err != nil {
		t.Fatal(err)
	}
	for _, alert := range []string{"ServiceDown", "InstanceDown", "FeedBehind", "JobsOld", "OrdersStuck"} {
		w.ends(t, alert)
	}
}

// aJobWaits locks an order that is due, so that orders passes over it. A job that is tried, and fails, does not wait.
func (w *watched) aJobWaits(t *testing.T, order shop.Order) {
	t.Helper()
	tx, err := w.database(t, "orders").Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), `SELECT FROM orders WHERE id = $1 FOR UPDATE`, order.ID); err != nil {
		t.Fatal(err)
	}
	w.fires(t, "JobsOld", nil)
}

// kill kills a part, which is started again at the latest when the test ends.
func (w *watched) kill(t *testing.T, part string) {
	t.Helper()
	if err := w.Kill(part); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = w.Restart(context.WithoutCancel(t.Context()), part) // for the tests that follow
		}
	})
}

// withoutOrders kills both instances of orders.
func (w *watched) withoutOrders(t *testing.T) {
	c := w.customer(t)
	checkout := w.checkout(t, c, w.stocked(t), "pm_card_visa")
	for _, part := range w.Instances("orders") {
		w.kill(t, part)
	}
	// Send does not wait until the shop is back, as PlaceOrder does.
	w.fires(t, "CheckoutErrors", func(ctx context.Context) {
		_, _ = c.Send(ctx, http.MethodPost, "/v1/orders", checkout, shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()})
	})
	for _, part := range w.Instances("orders") {
		if err := w.Restart(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	w.ends(t, "ServiceDown")
}

// brokenBooks adds a penny to the total of an order, and takes it away again.
func (w *watched) brokenBooks(t *testing.T) {
	order := w.buy(t, w.customer(t), w.stocked(t), "pm_card_visa")
	orders := w.database(t, "orders")
	exec(t, orders, `UPDATE orders SET total = total + 1 WHERE id = $1`, order.ID)
	w.fires(t, "BooksBroken", nil)
	exec(t, orders, `UPDATE orders SET total = total - 1 WHERE id = $1`, order.ID)
	w.ends(t, "BooksBroken")
}

func (w *watched) withoutAnAudit(t *testing.T) {
	if err := w.Kill(stack.Audit); err != nil {
		t.Fatal(err)
	}
	w.fires(t, "AuditNotRunning", nil)
}

// database opens the database of a service with its role, until the test ends.
func (w *watched) database(t *testing.T, service string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.DatabaseURL(service, service))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

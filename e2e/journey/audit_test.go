package journey

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// entry is an entry of the audit log.
type entry struct {
	ID         string            `json:"id"`
	At         time.Time         `json:"at"`
	Action     string            `json:"action"`
	RecordedBy string            `json:"recorded_by"`
	RequestID  string            `json:"request_id"`
	Detail     map[string]string `json:"detail"`
	Subject    struct{ Kind, ID string }
	Actor      struct{ Kind, ID, Via, Address string }
}

// auditLog returns all entries that match, newest first, in pages of limit.
func auditLog(t *testing.T, limit int, filters ...string) (all []entry) {
	t.Helper()
	query := url.Values{"limit": {fmt.Sprint(limit)}}
	for i := 0; i < len(filters); i += 2 {
		query.Set(filters[i], filters[i+1])
	}
	keeper := staff(t)
	for {
		var page struct {
			Items      []entry
			Away       []string
			NextCursor string `json:"next_cursor"`
		}
		if err := keeper.Do(t.Context(), "GET", "/v1/admin/audit?"+query.Encode(), nil, &page); err != nil {
			t.Fatal(err)
		}
		if len(page.Items) > limit || len(page.Away) > 0 {
			t.Errorf("a page of %d entries, away: %v", len(page.Items), page.Away)
		}
		all = append(all, page.Items...)
		if page.NextCursor == "" {
			return all
		}
		query.Set("cursor", page.NextCursor)
	}
}

// summary returns the entries oldest first: action, kind of actor and who recorded it.
func summary(entries []entry) []string {
	var lines []string
	for _, e := range slices.Backward(entries) {
		lines = append(lines, e.Action+" by "+e.Actor.Kind+" in "+e.RecordedBy)
	}
	return lines
}

// Changes of different services that follow each other within a call are in the order of the calls.
func TestTheAuditLogTellsTheLifeOfAnOrder(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 1500, 10)
	c, session, err := anonymous().Register(t.Context(), email(), password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	order := buy(t, c, sku, 2)
	keeper := staff(t)
	var me struct{ ID string }
	if err := keeper.Do(t.Context(), "GET", "/v1/me", nil, &me); err != nil {
		t.Fatal(err)
	}
	if err := keeper.Do(t.Context(), "POST", "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil); err != nil {
		t.Fatal(err)
	}
	refund := map[string]any{"amount": shop.Money{Amount: 500, Currency: "GBP"}, "reason": "Sorry, Ada Shopper"}
	if err := keeper.Do(t.Context(), "POST", "/v1/admin/orders/"+order.ID+"/refunds", refund, nil, shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}); err != nil {
		t.Fatal(err)
	}
	log := auditLog(t, 100, "subject", order.ID)
	want := []string{
		"stock_reserved by customer in inventory", "payment_authorized by customer in payments", "stock_sold by customer in inventory",
		"order_dispatch_decided by staff in orders", "parcel_booked by staff in shipping", "payment_captured by staff in payments",
		"parcel_handed_over by staff in shipping", "refund_decided by staff in orders", "refund_succeeded by staff in payments",
	}
	if got := summary(log); !slices.Equal(got, want) {
		t.Errorf("the log of the order:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, e := range log {
		actor := map[string]string{"customer": session.Customer.ID, "staff": me.ID}[e.Actor.Kind]
		if e.Actor.ID != actor || e.RequestID == "" || e.Subject.Kind != "order" || e.Actor.Via == "" || e.Actor.Kind == "customer" && e.Actor.Address != "" {
			t.Errorf("%+v", e)
		}
		if text := fmt.Sprint(e); strings.Contains(text, "Ada") || strings.Contains(text, "pm_card") {
			t.Errorf("an entry has personal data: %s", text)
		}
	}
	checkFilters(t, order.ID, me.ID, log)
}

// checkFilters compares the filters and pages of other sizes with the entries of an order.
func checkFilters(t *testing.T, orderID, staffID string, log []entry) {
	t.Helper()
	ids := func(entries []entry) []string {
		all := []string{}
		for _, e := range entries {
			all = append(all, e.ID)
		}
		return all
	}
	for _, limit := range []int{1, 2, 5} {
		if got := auditLog(t, limit, "subject", orderID); !slices.Equal(ids(got), ids(log)) {
			t.Errorf("pages of %d: %v, want %v", limit, ids(got), ids(log))
		}
	}
	sold := slices.IndexFunc(log, func(e entry) bool { return e.Action == "stock_sold" })
	at := log[sold].At.Format(time.RFC3339Nano)
	for name, test := range map[string]struct {
		filters []string
		want    []entry
	}{
		"action": {[]string{"action", "stock_sold"}, log[sold : sold+1]},
		"actor":  {[]string{"actor", staffID}, log[:sold]},
		"from":   {[]string{"from", at}, log[:sold+1]},
		"to":     {[]string{"to", at}, log[sold+1:]},
		"nobody": {[]string{"actor", uuid.NewString()}, nil},
	} {
		if got := auditLog(t, 100, append(test.filters, "subject", orderID)...); !slices.Equal(ids(got), ids(test.want)) {
			t.Errorf("by %s: %v, want %v", name, summary(got), summary(test.want))
		}
	}
}

func TestTheAuditLogTellsTheLifeOfAnAccount(t *testing.T) {
	t.Parallel()
	who := email()
	c, session, err := anonymous().Register(t.Context(), who, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	change := map[string]string{"current_password": password, "new_password": password + "!"}
	if err := c.Do(t.Context(), "PUT", "/v1/me/password", change, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), "POST", "/v1/me/deletion", map[string]string{"password": password + "!"}, nil); err != nil {
		t.Fatal(err)
	}
	log := auditLog(t, 1, "subject", session.Customer.ID)
	want := []string{"password_changed by customer in customers", "account_deleted by customer in customers"}
	if got := summary(log); !slices.Equal(got, want) {
		t.Errorf("the log of a deleted account: %v, want %v", got, want)
	}
	for _, e := range log {
		if e.Actor.ID != session.Customer.ID || e.Actor.Address != "" || strings.Contains(fmt.Sprint(e), who) {
			t.Errorf("%+v", e)
		}
	}
}

func TestTheAuditLogTellsWhoMadeStaff(t *testing.T) {
	t.Parallel()
	if running == nil {
		t.Skip("the shop is someone else's")
	}
	who := email()
	_, session, err := anonymous().Register(t.Context(), who, password, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Staff(t.Context(), []string{"promote", who}, &strings.Builder{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"role_granted by operator in customers", "password_changed by operator in customers"}
	if got := summary(auditLog(t, 10, "subject", session.Customer.ID)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if keys := auditLog(t, 10, "action", "signing_key_added"); len(keys) != 1 || keys[0].Actor.Kind != "service" || keys[0].Actor.ID != "customers" {
		t.Errorf("signing keys: %+v", keys)
	}
}

package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/testkit/devserver"
)

// How long it may take until everything that happened in a shop has been scraped twice, and evaluated.
const scrapedWithin = 90 * time.Second

// day does what shoppers and staff do on a day.
func (w *watched) day(t *testing.T) {
	t.Helper()
	sku, c := w.stocked(t), w.customer(t)
	for _, path := range []string{"/v1/products", "/v1/products?q=thing", "/v1/categories", "/v1/me", "/v1/orders"} {
		w.do(t, c, "GET", path, nil)
	}
	confirmed, cancelled, sent := w.buy(t, c, sku, "pm_card_visa"), w.buy(t, c, sku, "pm_card_visa"), w.buy(t, c, sku, "pm_card_visa")
	w.do(t, c, "POST", "/v1/orders/"+cancelled.ID+"/cancellation", nil, shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()})
	w.dispatch(t, sent)
	await(t, 30*time.Second, func(ctx context.Context) error {
		order, err := c.Order(ctx, sent.ID)
		if err == nil && order.Status != "delivered" {
			return fmt.Errorf("the order is %s", order.Status)
		}
		return err
	})
	granted, err := c.RequestReturn(t.Context(), sent.ID, shop.ReturnRequest{Lines: []shop.ReturnLine{{SKU: sku, Quantity: 1}}, Reason: "broken"})
	if err != nil {
		t.Fatal(err)
	}
	w.do(t, w.staff, "POST", "/v1/admin/returns/"+granted.ID+"/receive", nil)
	cart := w.checkout(t, c, sku, "pm_card_visa").CartID
	w.do(t, c, "GET", "/v1/carts/"+cart, nil)
	w.do(t, c, "GET", "/v1/carts/current", nil)
	if _, err := c.Quote(t.Context(), cart, leeds); err != nil {
		t.Fatal(err)
	}
	message := json.RawMessage(`{"id":"` + uuid.NewString() + `","type":"payment.captured","reference":"souk-` + confirmed.ID + `"}`)
	w.do(t, shop.New(w.URL()), "POST", webhookPath, message, signed(message))
}

// panels returns the queries of all dashboards, by dashboard and panel.
func panels(t *testing.T) map[string]string {
	t.Helper()
	root, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "deploy", "observability", "dashboards", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var board struct {
			Panels []struct {
				Title   string
				Targets []struct{ Expr, RefID string }
			}
		}
		if err := json.NewDecoder(bytes.NewReader(content)).Decode(&board); err != nil {
			t.Fatal(err)
		}
		for _, p := range board.Panels {
			for _, target := range p.Targets {
				queries[filepath.Base(file)+"/"+p.Title+"/"+target.RefID] = strings.ReplaceAll(target.Expr, "$__rate_interval", "1m")
			}
		}
	}
	if len(queries) < 30 {
		t.Fatalf("only %d queries", len(queries))
	}
	return queries
}

func TestWhatWatchesTheShopHasData(t *testing.T) {
	w := open(t)
	w.day(t)
	await(t, scrapedWithin, func(ctx context.Context) error {
		return w.prometheus.mustHave(ctx, `souk_http_requests_total{route="POST /v1/orders"}`)
	})
	// A counter that is new has no rate until it grows.
	w.day(t)
	await(t, scrapedWithin, func(ctx context.Context) error {
		return w.prometheus.mustHave(ctx, `rate(souk_http_requests_total{route="POST /v1/orders"}[1m]) > 0`)
	})
	t.Run("panels", w.everyPanelHasData)
	t.Run("targets", w.everyProcessIsScraped)
	t.Run("rules", w.everyRuleHasData)
	t.Run("traces", w.aCheckoutIsOneTrace)
	t.Run("alerts", w.noAlertHasFired)
}

func (w *watched) everyProcessIsScraped(t *testing.T) {
	await(t, scrapedWithin, func(ctx context.Context) error {
		found, err := w.prometheus.query(ctx, `count by (service) (up{job="souk"} == 1)`)
		if err != nil {
			return err
		}
		up := map[string]string{}
		for _, s := range found {
			up[s.Metric["service"]] = s.Value[1].(string)
		}
		for _, service := range append(slices.Clone(stack.Services), stack.Gateway, stack.Audit) {
			if want := fmt.Sprint(len(w.Instances(service))); up[service] != want {
				return fmt.Errorf("%s: %q instances are scraped, want %s", service, up[service], want)
			}
		}
		return nil
	})
}

func (w *watched) everyPanelHasData(t *testing.T) {
	services := append(slices.Clone(stack.Services), stack.Gateway)
	queries := map[string]string{}
	for name, query := range panels(t) {
		// A panel of one service has data if it has them for some service.
		queries[name] = strings.ReplaceAll(query, `="$service"`, `=~"`+strings.Join(services, "|")+`"`)
	}
	w.allHaveData(t, queries)
}

// An alert has data when it fires. What it looks at must have data before.
func (w *watched) everyRuleHasData(t *testing.T) {
	all, err := w.prometheus.rules(t.Context())
	if err != nil || len(all) < 40 {
		t.Fatalf("%d rules, %v", len(all), err)
	}
	queries := map[string]string{}
	for _, r := range all {
		if r.Health == "err" {
			t.Errorf("%s: %s: %s", r.Name, r.Query, r.Error)
		}
		wanted := w.prometheus.selectors(t, r.Query)
		if r.Type == "recording" {
			wanted = append(wanted, r.Query)
		}
		if len(wanted) == 0 {
			t.Errorf("%s looks at nothing: %s", r.Name, r.Query)
		}
		for _, expr := range wanted {
			queries[r.Name+": "+expr] = expr
		}
	}
	w.allHaveData(t, queries)
}

// allHaveData waits until each query, by its name, has data.
func (w *watched) allHaveData(t *testing.T, queries map[string]string) {
	t.Helper()
	missing := maps.Clone(queries)
	await(t, scrapedWithin, func(ctx context.Context) error {
		var errs []error
		for name, query := range missing {
			if err := w.prometheus.mustHave(ctx, query); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
				continue
			}
			delete(missing, name)
		}
		return errors.Join(errs...)
	})
}

// aCheckoutIsOneTrace looks in Jaeger for a trace with spans of each service that a checkout needs.
func (w *watched) aCheckoutIsOneTrace(t *testing.T) {
	jaeger := prometheus{url: "http://" + w.JaegerAddr()}
	want := []string{"gateway", "orders", "catalog", "carts", "inventory", "payments", "shipping"}
	await(t, scrapedWithin, func(ctx context.Context) error {
		var traces []struct {
			Processes map[string]struct{ ServiceName string }
		}
		if err := jaeger.ask(ctx, http.MethodGet, "/api/traces", url.Values{"service": {"orders"}, "limit": {"500"}, "lookback": {"1h"}}, &traces); err != nil {
			return err
		}
		var most []string
		for _, trace := range traces {
			var services []string
			for _, process := range trace.Processes {
				services = append(services, process.ServiceName)
			}
			if !slices.ContainsFunc(want, func(service string) bool { return !slices.Contains(services, service) }) {
				return nil
			}
			if len(services) > len(most) {
				most = services
			}
		}
		return fmt.Errorf("%d traces of orders, none with spans of all of %v; one has those of %v", len(traces), want, most)
	})
}

package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"souk/e2e/shop"
)

// keyUsers send requests with keys side by side, each at most mostAddresses of the kind that makes an address.
const (
	keyUsers      = 6
	mostAddresses = 50
)

// TestKeysUnderKills has requests with an idempotency key sent until they are answered, while the services that keep the keys, and
// the gateway, are killed. Each takes effect once, and is answered the same when it is sent again.
func TestKeysUnderKills(t *testing.T) {
	lasts := 12 * time.Second
	if full() {
		lasts = 2 * time.Minute
	}
	a, end, err := openShop(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	}()
	staff, err := a.logInStaff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var group errgroup.Group
	users := make([]*keyUser, keyUsers)
	for i := range users {
		customer, err := a.register(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		users[i] = &keyUser{staff: staff, customer: customer, sku: skus[i]}
		group.Go(func() error { return users[i].use(ctx) })
	}
	kills := 0
	for ; ctx.Err() == nil; kills++ {
		name := []string{"inventory", "customers", "gateway"}[kills%3]
		if err := errors.Join(a.Kill(name), a.Restart(t.Context(), name)); err != nil {
			t.Error(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	requests, retried := 0, retries{}
	for _, u := range users {
		if err := u.check(t.Context()); err != nil {
			t.Error(err)
		}
		requests, retried = requests+u.adjusted+u.saved, add(retried, u.met, 1)
	}
	if kills < 5 || requests < 20 || sum(retried) == 0 {
		t.Errorf("only %d kills, %d requests and %v", kills, requests, retried)
	}
	t.Logf("measured: %d kills, %d requests with a key, %v", kills, requests, retried)
}

// keyUser adds pieces to a SKU, one by one, and saves addresses, each with a key.
type keyUser struct {
	staff, customer *shop.Client
	sku             string

	adjusted, saved int
	met             retries
	last            []answered
}

// answered is a request with what it was answered.
type answered struct {
	client *shop.Client
	request
	*shop.Response
}

// use sends requests until ctx is done, and finishes what it has begun.
func (u *keyUser) use(ctx context.Context) error {
	u.met = retries{}
	for ctx.Err() == nil {
		adjustment := post("/v1/inventory/"+u.sku+"/adjustments", map[string]any{"delta": 1, "reason": "found"})
		if err := u.send(ctx, u.staff, adjustment); err != nil {
			return err
		}
		u.adjusted++
		if u.saved == mostAddresses {
			continue
		}
		if err := u.send(ctx, u.customer, post("/v1/me/addresses", leeds)); err != nil {
			return err
		}
		u.saved++
	}
	return nil
}

func (u *keyUser) send(ctx context.Context, c *shop.Client, r request) error {
	r.key = uuid.NewString()
	resp, met, err := sendUntilAnswered(context.WithoutCancel(ctx), c, r)
	u.met = add(u.met, met, 1)
	if err != nil {
		return err
	}
	if resp.Status != http.StatusCreated {
		return fmt.Errorf("%s %s: %d %s", r.method, r.path, resp.Status, resp.Body)
	}
	u.last = append(u.last, answered{c, r, resp})
	return nil
}

// check sends every request again, and counts the effects.
func (u *keyUser) check(ctx context.Context) error {
	for _, first := range u.last {
		again, _, err := sendUntilAnswered(ctx, first.client, first.request)
		if err != nil {
			return err
		}
		if string(again.Body) != string(first.Body) || again.Header.Get("Idempotent-Replay") != "true" {
			return fmt.Errorf("%s was answered %s and then %d %s", first.path, first.Body, again.Status, again.Body)
		}
	}
	var level struct {
		OnHand int `json:"on_hand"`
	}
	var saved struct {
		Items []struct{} `json:"items"`
	}
	err := errors.Join(
		get(ctx, u.staff, request{method: http.MethodGet, path: "/v1/inventory/" + u.sku}, &level),
		get(ctx, u.customer, request{method: http.MethodGet, path: "/v1/me/addresses"}, &saved),
	)
	if err == nil && (level.OnHand != u.adjusted || len(saved.Items) != u.saved) {
		err = fmt.Errorf("%d pieces and %d addresses, want %d and %d", level.OnHand, len(saved.Items), u.adjusted, u.saved)
	}
	return err
}

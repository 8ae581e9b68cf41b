package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// How soon a client tries again that got no definite answer.
const retryAfter = 200 * time.Millisecond

// request is something to be asked until the answer is definite.
type request struct {
	method, path string
	body         any
	key          string // its Idempotency-Key, if it has one
}

func post(path string, body any) request {
	return request{method: http.MethodPost, path: path, body: body}
}

// send sends the request once.
func (r request) send(ctx context.Context, c *shop.Client) (*shop.Response, error) {
	return c.Send(ctx, r.method, r.path, r.body, shop.Header{Name: "Idempotency-Key", Value: r.key})
}

// retries counts what kept a request from a definite answer.
type retries map[string]int

func (r retries) String() string {
	if len(r) == 0 {
		return "no retries"
	}
	return fmt.Sprintf("%d retries: %v", sum(r), map[string]int(r))
}

// sendUntilAnswered sends a request until the answer is definite.
func sendUntilAnswered(ctx context.Context, c *shop.Client, r request) (*shop.Response, retries, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	met := retries{}
	for {
		resp, err := r.send(ctx, c)
		if err == nil && definite(resp) {
			return resp, met, nil
		}
		if err == nil {
			met[outcomeOf(resp)]++
			err = fmt.Errorf("%d %s", resp.Status, resp.Body)
		} else {
			met["no answer"]++
		}
		select {
		case <-ctx.Done():
			return resp, met, fmt.Errorf("%s %s: no definite answer within %v: %w", r.method, r.path, answerWithin, err)
		case <-time.After(retryAfter):
		}
	}
}

// outcomeOf is an answer in two words.
func outcomeOf(resp *shop.Response) string {
	if resp.Status < 400 {
		return fmt.Sprint(resp.Status)
	}
	return fmt.Sprintf("%d %s", resp.Status, problemOf(resp).Code)
}

// definite reports whether asking again would not change the answer.
func definite(resp *shop.Response) bool {
	switch {
	case resp.Status >= 500, resp.Status == http.StatusTooManyRequests:
		return false
	case resp.Status == http.StatusConflict:
		return problemOf(resp).Code != "idempotency_in_progress"
	default:
		return true
	}
}

// get sends a request until it is answered, fails if the answer is an error, and decodes it.
func get(ctx context.Context, c *shop.Client, r request, out any) error {
	resp, _, err := sendUntilAnswered(ctx, c, r)
	if err != nil {
		return err
	}
	if resp.Status >= 400 {
		return fmt.Errorf("%s %s: %d %s", r.method, r.path, resp.Status, resp.Body)
	}
	return resp.Decode(out)
}

// problem is an answer that is an error, with the order that a refused checkout leaves.
type problem struct {
	shop.Problem
	OrderID string `json:"order_id"`
}

func problemOf(resp *shop.Response) problem {
	var p problem
	_ = json.Unmarshal(resp.Body, &p) // what is not one has no code
	return p
}

// orderOf asks for an order, once.
func orderOf(ctx context.Context, c *shop.Client, id string) (shop.Order, error) {
	resp, err := request{method: http.MethodGet, path: "/v1/orders/" + id}.send(ctx, c)
	if err != nil {
		return shop.Order{}, err
	}
	if resp.Status != http.StatusOK {
		return shop.Order{}, fmt.Errorf("order %s: %d %s", id, resp.Status, resp.Body)
	}
	var o shop.Order
	return o, resp.Decode(&o)
}

// register opens an account and logs in to it. A registration whose answer was lost may have happened.
func (a *auditedShop) register(ctx context.Context) (*shop.Client, error) {
	account := map[string]string{"email": uuid.NewString() + "@example.com", "password": password, "name": "Ada Shopper"}
	resp, _, err := sendUntilAnswered(ctx, a.anyone, post("/v1/customers", account))
	if err != nil {
		return nil, err
	}
	if resp.Status >= 400 && problemOf(resp).Code != "email_taken" {
		return nil, fmt.Errorf("register: %d %s", resp.Status, resp.Body)
	}
	delete(account, "name")
	var session shop.Session
	err = get(ctx, a.anyone, post("/v1/sessions", account), &session)
	return a.anyone.As(session.AccessToken), err
}

// item is pieces of a SKU.
type item struct {
	sku      string
	quantity int64
}

// checkout makes the customer's cart the basket and returns the request that buys it, under a key of its own.
func checkout(ctx context.Context, c *shop.Client, basket []item, method string) (request, error) {
	var cart shop.Cart
	if err := get(ctx, c, post("/v1/carts", nil), &cart); err != nil {
		return request{}, err
	}
	has := map[string]int64{}
	for _, line := range cart.Lines {
		has[line.SKU] = line.Quantity
		if slices.ContainsFunc(basket, func(i item) bool { return i.sku == line.SKU }) {
			continue
		}
		if _, _, err := sendUntilAnswered(ctx, c, request{method: http.MethodDelete, path: "/v1/carts/" + cart.ID + "/items/" + line.SKU}); err != nil {
			return request{}, err
		}
	}
	for _, line := range basket {
		if has[line.sku] == line.quantity {
			continue
		}
		put := request{method: http.MethodPut, path: "/v1/carts/" + cart.ID + "/items/" + line.sku, body: map[string]int64{"quantity": line.quantity}}
		if err := get(ctx, c, put, &cart); err != nil {
			return request{}, err
		}
	}
	buy := post("/v1/orders", shop.Checkout{CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: method})
	buy.key = uuid.NewString()
	return buy, nil
}

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"time"

	"souk/e2e/shop"
)

// purchase is a checkout with its definite answer.
type purchase struct {
	request request
	answer  *shop.Response
}

// shopper checks out again and again, and keeps what it was told.
type shopper struct {
	*auditedShop
	client *shop.Client
	staff  *shop.Client
	random *rand.Rand
	count  *counters

	bought []purchase
}

// counters count what all shoppers met.
type counters struct {
	mu        sync.Mutex
	answers   map[string]int
	retries   retries
	cancelled int
	sent      int
	returned  int
	slowest   time.Duration
}

func newCounters() *counters { return &counters{answers: map[string]int{}, retries: retries{}} }

// answer counts a definite answer to a checkout.
func (n *counters) answer(resp *shop.Response, took time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers[outcomeOf(resp)]++
	n.slowest = max(n.slowest, took)
}

// retried counts what it took to get a definite answer.
func (n *counters) retried(met retries) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.retries = add(n.retries, met, 1)
}

func (n *counters) add(counter *int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	*counter++
}

// shop goes shopping until ctx is done, and finishes what it has begun.
func (s *shopper) shop(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.once(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// The approving methods come more often than the declining ones.
var methods = []string{
	"pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_timeout", "pm_card_flaky",
	"pm_card_declined", "pm_card_insufficient_funds",
}

// once fills a basket, buys it, and does something with the order.
func (s *shopper) once(ctx context.Context) error {
	var basket []item
	for _, i := range s.random.Perm(len(skus))[:1+s.random.IntN(4)] {
		basket = append(basket, item{sku: skus[i], quantity: 1 + s.random.Int64N(3)})
	}
	r, err := checkout(ctx, s.client, basket, methods[s.random.IntN(len(methods))])
	if err != nil {
		return err
	}
	start := time.Now()
	resp, met, err := sendUntilAnswered(ctx, s.client, r)
	s.count.retried(met)
	if err != nil {
		return err
	}
	s.count.answer(resp, time.Since(start))
	s.bought = append(s.bought, purchase{r, resp})
	if resp.Status != http.StatusCreated {
		return nil
	}
	return s.goOn(ctx, orderIDOf(resp))
}

// goOn cancels a confirmed order, has it sent, or sent and taken back, or leaves it alone.
func (s *shopper) goOn(ctx context.Context, id string) error {
	draw := s.random.IntN(10)
	if draw < 3 {
		s.count.add(&s.count.cancelled)
		return s.must(ctx, s.client, post("/v1/orders/"+id+"/cancellation", nil))
	}
	if draw >= 7 {
		return nil
	}
	s.count.add(&s.count.sent)
	if err := s.must(ctx, s.staff, post("/v1/admin/orders/"+id+"/dispatch", nil)); err != nil || draw > 4 {
		return err
	}
	s.count.add(&s.count.returned)
	order := session{auditedShop: s.auditedShop, random: s.random, buyer: s.client, staff: s.staff, orderID: id}
	returnID, err := order.sendBack(ctx)
	if err != nil {
		return err
	}
	return s.must(ctx, s.staff, post("/v1/admin/returns/"+returnID+"/receive", nil))
}

// must sends a request until it is answered, which must be with 200.
func (s *shopper) must(ctx context.Context, c *shop.Client, r request) error {
	resp, met, err := sendUntilAnswered(ctx, c, r)
	s.count.retried(met)
	if err != nil {
		return err
	}
	if resp.Status != http.StatusOK {
		return fmt.Errorf("%s: %d %s", r.path, resp.Status, resp.Body)
	}
	return nil
}

// check compares what the shop knows of the shopper's orders with what the shopper was told.
func (s *shopper) check(ctx context.Context) error {
	told := map[string]bool{}
	var wrong []error
	for _, p := range s.bought {
		id := orderIDOf(p.answer)
		if id != "" && told[id] {
			wrong = append(wrong, fmt.Errorf("order %s is the answer to two keys", id))
		}
		if id != "" {
			told[id] = true
			wrong = append(wrong, s.compare(ctx, id, p))
		}
	}
	mine, err := s.orders(ctx)
	if err != nil {
		return err
	}
	for _, id := range mine {
		if !told[id] {
			wrong = append(wrong, fmt.Errorf("order %s was made and nobody was told", id))
		}
	}
	return errors.Join(wrong...)
}

// compare asks for an order, and for the answer to its key, once more.
func (s *shopper) compare(ctx context.Context, id string, p purchase) error {
	again, _, err := sendUntilAnswered(ctx, s.client, p.request)
	if err != nil {
		return err
	}
	if again.Status != p.answer.Status || string(again.Body) != string(p.answer.Body) {
		return fmt.Errorf("order %s: the answer was %d %s, and then %d %s", id, p.answer.Status, p.answer.Body, again.Status, again.Body)
	}
	var now shop.Order
	if err := get(ctx, s.client, request{method: http.MethodGet, path: "/v1/orders/" + id}, &now); err != nil {
		return err
	}
	if p.answer.Status >= 400 {
		if now.Status != "rejected" {
			return fmt.Errorf("order %s is %s, after the answer %d", id, now.Status, p.answer.Status)
		}
		return nil
	}
	var then shop.Order
	if err := p.answer.Decode(&then); err != nil {
		return err
	}
	if now.Number != then.Number || now.CustomerID != then.CustomerID || now.Totals != then.Totals || !reflect.DeepEqual(now.Lines, then.Lines) {
		return fmt.Errorf("order %s was %+v and is %+v", id, then, now)
	}
	if now.Status == "rejected" && p.answer.Status == http.StatusCreated || now.Status == "pending" {
		return fmt.Errorf("order %s is %s, after the answer %d", id, now.Status, p.answer.Status)
	}
	return nil
}

// orders returns the ids of all orders of the shopper.
func (s *shopper) orders(ctx context.Context) ([]string, error) {
	var ids []string
	for cursor := ""; ; {
		var page shop.Orders
		list := request{method: http.MethodGet, path: "/v1/orders?limit=100&cursor=" + url.QueryEscape(cursor)}
		if err := get(ctx, s.client, list, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Items {
			ids = append(ids, o.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			return ids, nil
		}
	}
}

package overload

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"souk/e2e/shop"
)

// mix says how many visits are to a list and a search, as a storefront shows them, 48 products with facets; to a product and the
// categories; to put something in a cart; and to check out as well. Hardly any two ask the same.
type mix struct{ lists, searches, looks, categories, puts, orders int }

func (m mix) all() int { return m.lists + m.searches + m.looks + m.categories + m.puts + m.orders }

// buying returns the mix in which n times as many buy, and as many look as in m.
func (m mix) buying(n int) mix {
	m.puts, m.orders = n*m.puts, n*m.orders
	return m
}

// usual is how shoppers are: about a thousand requests for each order.
var usual = mix{lists: 400, searches: 200, looks: 300, categories: 96, puts: 3, orders: 1}

// customers is how many can fill a cart or check out at once.
const customers = 32

// visitors are everybody who visits the shop.
type visitors struct {
	addr string
	mix  mix
	// patience is how long they wait for an answer before they leave.
	patience time.Duration
	idle     chan *customer
}

// customer has an account and a cart.
type customer struct {
	authorization string
	cart          string
}

func newVisitors(t *testing.T, url string) *visitors {
	t.Helper()
	v := &visitors{addr: url[len("http://"):], mix: usual, patience: 5 * time.Second, idle: make(chan *customer, customers)}
	var group errgroup.Group
	group.SetLimit(4)
	for range customers {
		group.Go(func() error {
			client, session, err := shop.New(url).Register(t.Context(), uuid.NewString()+"@example.com", "correct horse battery", "Ada Shopper")
			if err != nil {
				return err
			}
			cart, err := client.OpenCart(t.Context())
			v.idle <- &customer{authorization: "Authorization: Bearer " + session.AccessToken, cart: cart.ID}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return v
}

// answer is what a request got, and how long after it was meant to be sent.
type answer struct {
	checkout bool
	status   int
	took     time.Duration
}

// visit makes one visit, which was to begin at due, and tells each of its answers.
func (v *visitors) visit(via *conn, due time.Time, tell func(answer)) {
	n, draw := rand.IntN(products), rand.IntN(v.mix.all())
	for _, page := range []struct {
		part int
		path string
	}{
		{v.mix.lists, fmt.Sprintf("/v1/products?sort=title&limit=48&facets=true&min_price=%d&max_price=%d", n, 500+rand.IntN(products))},
		{v.mix.searches, fmt.Sprintf("/v1/products?q=cup+number+%d&limit=48&facets=true", n)},
		{v.mix.looks, fmt.Sprintf("/v1/products/cup-%d", n)},
		{v.mix.categories, "/v1/categories"},
	} {
		if draw -= page.part; draw < 0 {
			tell(ask(via, due, false, request("GET", page.path, "")))
			return
		}
	}
	v.buy(via, due, draw >= v.mix.puts, n, tell)
}

func ask(via *conn, due time.Time, checkout bool, request []byte) answer {
	status := via.send(request)
	return answer{checkout: checkout, status: status, took: time.Since(due)}
}

// buy puts something in a cart and, if it is to, checks it out.
func (v *visitors) buy(via *conn, due time.Time, checkOut bool, n int, tell func(answer)) {
	who := <-v.idle
	defer func() { v.idle <- who }()
	filled := ask(via, due, true, request("PUT", fmt.Sprintf("/v1/carts/%s/items/CUP-%d", who.cart, n), `{"quantity":1}`, who.authorization))
	if tell(filled); filled.status != 200 || !checkOut {
		return
	}
	checkout, err := json.Marshal(shop.Checkout{
		CartID: who.cart, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
		ShippingAddress: &shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"},
	})
	if err != nil {
		panic(err) // it always marshals
	}
	tell(ask(via, time.Now(), true, request("POST", "/v1/orders", string(checkout), who.authorization, "Idempotency-Key: "+uuid.NewString())))
}

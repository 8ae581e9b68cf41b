package access_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// account is someone who uses the shop.
type account struct {
	*shop.Client
	name, id, email, password, refresh string
}

// cast is who takes part in a test, each with things of their own. Accounts and things are made when they are first asked for.
type cast struct {
	t        *testing.T
	accounts map[string]*account
	things   map[string]string
}

func newCast(t *testing.T) *cast {
	t.Helper()
	return &cast{t: t, accounts: map[string]*account{}, things: map[string]string{}}
}

// Those with an account. Everyone but guest can be signed in.
const (
	ada   = "ada"
	bob   = "bob"
	staff = "staff"
	guest = "guest"
)

const password = "correct horse battery"

func (c *cast) account(name string) *account {
	c.t.Helper()
	if c.accounts[name] == nil {
		c.accounts[name] = c.newAccount(name)
	}
	return c.accounts[name]
}

func (c *cast) newAccount(name string) *account {
	c.t.Helper()
	anonymous := shop.New(running.URL())
	if name == guest {
		return &account{name: name, Client: anonymous}
	}
	a := &account{name: name, password: password}
	patiently(c.t, "an account of "+name, func() error {
		a.email = uuid.NewString() + "@example.com"
		client, session, err := anonymous.Register(c.t.Context(), a.email, a.password, leeds.Name)
		a.Client, a.id, a.refresh = client, session.Customer.ID, session.RefreshToken
		return err
	})
	if name == staff {
		// The shop has one account of staff. With one for each test, they need not share a cart.
		header, claims := parts(c.t, a.Token)
		a.Client = a.As(signed(c.t, key(c.t), header, with(claims, object{"roles": []string{"customer", "staff"}})))
	}
	return a
}

// thing returns the id of the account's thing of that kind, which make makes.
func (c *cast) thing(owner, kind string, maker maker) string {
	c.t.Helper()
	key := owner + " " + kind
	if c.things[key] == "" {
		c.things[key] = maker(c, c.account(owner))
	}
	return c.things[key]
}

// maker makes a thing for its owner and returns its id.
type maker func(*cast, *account) string

func (c *cast) do(a *account, method, path string, body, out any) {
	c.t.Helper()
	patiently(c.t, method+" "+path+" as "+a.name, func() error { return a.Do(c.t.Context(), method, path, body, out) })
}

var leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// goods is a SKU of which there is enough for every test.
var goods = sync.OnceValues(func() (string, error) {
	const sku = "GOODS"
	file := fmt.Appendf(nil, "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\ngoods,Goods,%s,5,1000000\n", sku)
	ctx, cancel := requestContext()
	defer cancel()
	keeper, _, err := shop.New(running.URL()).Login(ctx, running.StaffEmail(), running.StaffPassword())
	if err != nil {
		return "", err
	}
	_, err = keeper.Import(ctx, file)
	return sku, err
})

func sku(c *cast, _ *account) string {
	c.t.Helper()
	name, err := goods()
	if err != nil {
		c.t.Fatal(err)
	}
	return name
}

func product(c *cast, _ *account) string {
	c.t.Helper()
	return newProduct(c).ID
}

func newSKU(c *cast, _ *account) string {
	c.t.Helper()
	return newProduct(c).Variants[0].SKU
}

func newProduct(c *cast) shop.Product {
	c.t.Helper()
	var made shop.Product
	c.do(c.account(staff), http.MethodPost, "/v1/products", productBody(), &made)
	return made
}

func productBody() map[string]any {
	return map[string]any{"title": "Thing", "brand": "Tester", "images": []any{map[string]any{"url": "https://example.com/a.png"}},
		"variants": []any{map[string]any{
			"sku": "T-" + strings.ToUpper(uuid.NewString()[:13]), "price": shop.Money{Amount: 500, Currency: "GBP"}, "weight_grams": 250,
		}}}
}

func address(c *cast, a *account) string {
	c.t.Helper()
	var saved shop.Address
	c.do(a, http.MethodPost, "/v1/me/addresses", leeds, &saved)
	return saved.ID
}

// cart returns the account's cart, with something in it.
func cart(c *cast, a *account) string {
	c.t.Helper()
	var opened shop.Cart
	c.do(a, http.MethodPost, "/v1/carts", nil, &opened)
	c.do(a, http.MethodPut, "/v1/carts/"+opened.ID+"/items/"+sku(c, a), object{"quantity": 2}, nil)
	return opened.ID
}

func order(c *cast, a *account) string {
	c.t.Helper()
	key, checkout := uuid.NewString(), shop.Checkout{
		CartID: cart(c, a), ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	}
	var placed shop.Order
	patiently(c.t, "an order of "+a.name, func() (err error) {
		placed, err = a.PlaceOrder(c.t.Context(), key, checkout)
		return err
	})
	c.await(a, placed.ID, "confirmed")
	return placed.ID
}

// await waits until an order has that status.
func (c *cast) await(a *account, id, status string) {
	c.t.Helper()
	eventually(c.t, "the order is "+status, func() bool {
		got, err := a.Order(c.t.Context(), id)
		return err == nil && got.Status == status
	})
}

func dispatched(c *cast, a *account) string {
	c.t.Helper()
	id := order(c, a)
	c.do(c.account(staff), http.MethodPost, "/v1/admin/orders/"+id+"/dispatch", nil, nil)
	return id
}

func delivered(c *cast, a *account) string {
	c.t.Helper()
	id := dispatched(c, a)
	c.await(a, id, "delivered")
	return id
}

func requestedReturn(c *cast, a *account) string {
	c.t.Helper()
	var granted shop.Return
	c.do(a, http.MethodPost, "/v1/orders/"+delivered(c, a)+"/returns", returnBody(), &granted)
	return granted.ID
}

func returnBody() shop.ReturnRequest {
	return shop.ReturnRequest{Lines: []shop.ReturnLine{{SKU: "GOODS", Quantity: 1}}, Reason: "too many"}
}

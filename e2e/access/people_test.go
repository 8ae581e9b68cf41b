package access_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
	platformaccess "souk/platform/access"
)

// account is someone who uses the shop.
type account struct {
	*shop.Client
	name, id, email, password, refresh string
}

// people are those who use the shop in a test, each with things of their own. Accounts and things are made when they are first asked for.
type people struct {
	t        *testing.T
	accounts map[string]*account
	things   map[string]string
}

func newPeople(t *testing.T) *people {
	t.Helper()
	return &people{t: t, accounts: map[string]*account{}, things: map[string]string{}}
}

// Those with an account. Everyone but guest can be signed in.
const (
	ada   = "ada"
	bob   = "bob"
	staff = "staff"
	guest = "guest"
)

const password = "correct horse battery"

func (p *people) account(name string) *account {
	p.t.Helper()
	if p.accounts[name] == nil {
		p.accounts[name] = p.newAccount(name)
	}
	return p.accounts[name]
}

func (p *people) newAccount(name string) *account {
	p.t.Helper()
	anonymous := shop.New(running.URL())
	if name == guest {
		return &account{name: name, Client: anonymous}
	}
	a := &account{name: name, password: password}
	patiently(p.t, "an account of "+name, func() error {
		a.email = uuid.NewString() + "@example.com"
		client, session, err := anonymous.Register(p.t.Context(), a.email, a.password, leeds.Name)
		a.Client, a.id, a.refresh = client, session.Customer.ID, session.RefreshToken
		return err
	})
	if name == staff {
		// The shop has one account of staff. With one for each test, they need not share a cart.
		header, claims := parts(p.t, a.Token)
		a.Client = a.As(signed(p.t, key(p.t), header, with(claims, object{"roles": []string{"customer", "staff"}, "scope": platformaccess.ScopeText(platformaccess.AllScopes())})))
	}
	return a
}

// thing returns the id of the account's thing of that kind, which make makes.
func (p *people) thing(owner, kind string, maker maker) string {
	p.t.Helper()
	key := owner + " " + kind
	if p.things[key] == "" {
		p.things[key] = maker(p, p.account(owner))
	}
	return p.things[key]
}

// maker makes a thing for its owner and returns its id.
type maker func(*people, *account) string

func (p *people) do(a *account, method, path string, body, out any) {
	p.t.Helper()
	patiently(p.t, method+" "+path+" as "+a.name, func() error { return a.Do(p.t.Context(), method, path, body, out) })
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

func sku(p *people, _ *account) string {
	p.t.Helper()
	name, err := goods()
	if err != nil {
		p.t.Fatal(err)
	}
	return name
}

func product(p *people, _ *account) string {
	p.t.Helper()
	return newProduct(p).ID
}

func withdrawnProduct(p *people, a *account) string {
	p.t.Helper()
	id := product(p, a)
	p.do(p.account(staff), http.MethodDelete, "/v1/products/"+id, nil, nil)
	return id
}

func newSKU(p *people, _ *account) string {
	p.t.Helper()
	return newProduct(p).Variants[0].SKU
}

func newProduct(p *people) shop.Product {
	p.t.Helper()
	var made shop.Product
	p.do(p.account(staff), http.MethodPost, "/v1/products", productBody(), &made)
	return made
}

func productBody() map[string]any {
	return map[string]any{"title": "Thing", "brand": "Tester", "images": []any{map[string]any{"url": "https://example.com/a.png"}},
		"variants": []any{map[string]any{
			"sku": "T-" + strings.ToUpper(uuid.NewString()[:13]), "price": shop.Money{Amount: 500, Currency: "GBP"}, "weight_grams": 250,
		}}}
}

func address(p *people, a *account) string {
	p.t.Helper()
	var saved shop.Address
	p.do(a, http.MethodPost, "/v1/me/addresses", leeds, &saved)
	return saved.ID
}

// session signs the account in once more.
func session(p *people, a *account) string {
	p.t.Helper()
	var id string
	patiently(p.t, "a session of "+a.name, func() error {
		client, _, err := a.As("").Login(p.t.Context(), a.email, a.password)
		if err == nil {
			_, claims := parts(p.t, client.Token)
			id, _ = claims["sid"].(string)
		}
		return err
	})
	return id
}

// cart returns the account's cart, with something in it.
func cart(p *people, a *account) string {
	p.t.Helper()
	var opened shop.Cart
	p.do(a, http.MethodPost, "/v1/carts", nil, &opened)
	p.do(a, http.MethodPut, "/v1/carts/"+opened.ID+"/items/"+sku(p, a), object{"quantity": 2}, nil)
	return opened.ID
}

func order(p *people, a *account) string {
	p.t.Helper()
	key, checkout := uuid.NewString(), shop.Checkout{
		CartID: cart(p, a), ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	}
	var placed shop.Order
	patiently(p.t, "an order of "+a.name, func() (err error) {
		placed, err = a.PlaceOrder(p.t.Context(), key, checkout)
		return err
	})
	p.await(a, placed.ID, "confirmed")
	return placed.ID
}

// await waits until an order has that status.
func (p *people) await(a *account, id, status string) {
	p.t.Helper()
	eventually(p.t, "the order is "+status, func() bool {
		got, err := a.Order(p.t.Context(), id)
		return err == nil && got.Status == status
	})
}

func dispatched(p *people, a *account) string {
	p.t.Helper()
	id := order(p, a)
	p.do(p.account(staff), http.MethodPost, "/v1/admin/orders/"+id+"/dispatch", nil, nil)
	return id
}

func delivered(p *people, a *account) string {
	p.t.Helper()
	id := dispatched(p, a)
	p.await(a, id, "delivered")
	return id
}

func requestedReturn(p *people, a *account) string {
	p.t.Helper()
	var granted shop.Return
	p.do(a, http.MethodPost, "/v1/orders/"+delivered(p, a)+"/returns", returnBody(), &granted)
	return granted.ID
}

// returnedOrder returns an order of which goods are to come back.
func returnedOrder(p *people, a *account) string {
	p.t.Helper()
	id := delivered(p, a)
	p.do(a, http.MethodPost, "/v1/orders/"+id+"/returns", returnBody(), nil)
	return id
}

// returnOfOrder returns the return of the account's returnedOrder.
func returnOfOrder(p *people, a *account) string {
	p.t.Helper()
	got, err := a.Order(p.t.Context(), p.thing(a.name, ownReturned.kind, returnedOrder))
	if err != nil || len(got.Returns) != 1 {
		p.t.Fatalf("returns %+v, %v", got.Returns, err)
	}
	return got.Returns[0].ID
}

func returnBody() shop.ReturnRequest {
	return shop.ReturnRequest{Lines: []shop.ReturnLine{{SKU: "GOODS", Quantity: 1}}, Reason: "too many"}
}

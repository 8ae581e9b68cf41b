package journey

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// bowl is a product with a picture and two sizes, of which there are so many pieces. It returns the id and the SKUs.
func bowl(t *testing.T, small, large int64) (product shop.Product, skus [2]string) {
	t.Helper()
	keeper, tag := staff(t), strings.ToUpper(uuid.NewString()[:13])
	skus = [2]string{"S-" + tag, "L-" + tag}
	variant := func(sku, size string, price int64) map[string]any {
		return map[string]any{
			"sku": sku, "title": size, "options": map[string]string{"Size": size},
			"price": shop.Money{Amount: price, Currency: "GBP"}, "weight_grams": 250,
		}
	}
	body := map[string]any{
		"title": "Bowl " + tag, "images": []any{map[string]any{"url": "https://images.example/bowl.jpg", "alt": "A bowl"}},
		"variants": []any{variant(skus[0], "Small", 800), variant(skus[1], "Large", 1200)},
	}
	if err := keeper.Do(t.Context(), http.MethodPost, "/v1/products", body, &product); err != nil {
		t.Fatal(err)
	}
	for i, pieces := range []int64{small, large} {
		if pieces == 0 {
			continue
		}
		if _, err := keeper.Adjust(t.Context(), skus[i], pieces, "test"); err != nil {
			t.Fatal(err)
		}
	}
	return product, skus
}

// withdraw takes a product off sale.
func withdraw(t *testing.T, product shop.Product) {
	t.Helper()
	if err := staff(t).Do(t.Context(), http.MethodDelete, "/v1/products/"+product.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
}

// ofBowl checks that a line shows the bowl in a size.
func ofBowl(t *testing.T, line shop.Line, product shop.Product, size string) {
	t.Helper()
	if line.ProductID != product.ID || line.Slug != product.Slug || line.Image == nil || line.Image.URL != "https://images.example/bowl.jpg" ||
		line.Image.Alt != "A bowl" || !reflect.DeepEqual(line.Options, map[string]string{"Size": size}) {
		t.Errorf("line = %+v, want the %s bowl of %+v", line, size, product)
	}
}

func TestAnOrdersLinesOutliveTheirProduct(t *testing.T) {
	t.Parallel()
	product, skus := bowl(t, 5, 5)
	c := customer(t)
	cart, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if cart, err = c.Put(t.Context(), cart.ID, skus[1], 2); err != nil || len(cart.Lines[0].Problems) != 0 {
		t.Fatalf("cart = %+v, %v", cart, err)
	}
	ofBowl(t, cart.Lines[0], product, "Large")
	order := buy(t, c, skus[1], 2)
	ofBowl(t, order.Lines[0], product, "Large")
	withdraw(t, product)
	later, err := c.Order(t.Context(), order.ID)
	if err != nil || !reflect.DeepEqual(later.Lines, order.Lines) {
		t.Errorf("lines = %+v, %v, want as they were sold: %+v", later.Lines, err, order.Lines)
	}
}

func TestALineThatCannotBeBoughtSaysWhy(t *testing.T) {
	t.Parallel()
	good := stocked(t, 500, 10)
	short, skus := bowl(t, 3, 0)
	gone := stocked(t, 700, 10)
	c := customer(t)
	cart, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for sku, quantity := range map[string]int64{good: 2, skus[0]: 4, skus[1]: 1, gone: 1} {
		if _, err := c.Put(t.Context(), cart.ID, sku, quantity); err != nil {
			t.Fatal(err)
		}
	}
	var sold shop.Product
	if err := c.Do(t.Context(), http.MethodGet, "/v1/carts/"+cart.ID, nil, &cart); err != nil {
		t.Fatal(err)
	}
	for _, line := range cart.Lines {
		if line.SKU == gone {
			sold.ID = line.ProductID
		}
	}
	withdraw(t, sold)
	want := map[string][]shop.LineProblem{
		good: {}, skus[0]: {{Code: "not_enough", Available: 3}}, skus[1]: {{Code: "out_of_stock"}}, gone: {{Code: "withdrawn"}},
	}
	var current shop.Cart
	if err := c.Do(t.Context(), http.MethodGet, "/v1/carts/current", nil, &current); err != nil || current.ID != cart.ID {
		t.Fatalf("current cart = %+v, %v", current, err)
	}
	for _, line := range current.Lines {
		priced := line.UnitPrice.Currency != "" || line.LineTotal.Currency != ""
		if !reflect.DeepEqual(line.Problems, want[line.SKU]) || priced != (line.SKU == good) {
			t.Errorf("line = %+v, want the problems %v", line, want[line.SKU])
		}
		if line.SKU == skus[0] {
			ofBowl(t, line, short, "Small")
		}
		if line.SKU == gone && (line.ProductID != sold.ID || line.Title != "Thing "+gone) {
			t.Errorf("line = %+v, want it with the product that was withdrawn, %s", line, sold.ID)
		}
	}
	if current.Subtotal.Amount != 1000 {
		t.Errorf("subtotal = %v, want what can be bought", current.Subtotal)
	}
	quote, err := c.Quote(t.Context(), cart.ID, leeds)
	if err != nil || len(quote.Options) == 0 || len(quote.Problems) != 3 {
		t.Fatalf("quote = %+v, %v", quote, err)
	}
	for _, p := range quote.Problems {
		if w := want[p.SKU]; len(w) != 1 || w[0].Code != p.Code || w[0].Available != p.Available {
			t.Errorf("the quote says %+v, the cart %+v", p, w)
		}
	}
	request := shop.Checkout{CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: quote.Options[0].ID, PaymentMethod: "pm_card_visa"}
	_, err = c.PlaceOrder(t.Context(), uuid.NewString(), request)
	problem := problemOf(t, err, http.StatusConflict, "price_changed")
	if len(problem.Lines) != 1 || problem.Lines[0].SKU != gone || problem.Lines[0].Requested != 1 || problem.Totals == nil ||
		problem.Totals.Subtotal.Amount != 2*500+4*800+1200 {
		t.Errorf("problem = %+v", problem)
	}
}

func TestAChangedPriceIsToldWithTheTotals(t *testing.T) {
	t.Parallel()
	c, sku := customer(t), stocked(t, 500, 10)
	request := checkout(t, c, sku, 2, "pm_card_visa")
	request.ExpectedTotal = &shop.Money{Amount: 1, Currency: "GBP"}
	_, err := c.PlaceOrder(t.Context(), uuid.NewString(), request)
	problem := problemOf(t, err, http.StatusConflict, "price_changed")
	if problem.Totals == nil || problem.Totals.Subtotal.Amount != 1000 || len(problem.Lines) != 0 {
		t.Fatalf("problem = %+v", problem)
	}
	request.ExpectedTotal = &problem.Totals.Total
	if order, err := c.PlaceOrder(t.Context(), uuid.NewString(), request); err != nil || order.Totals != *problem.Totals {
		t.Errorf("order at the total that was told: %+v, %v", order.Totals, err)
	}
}

func TestACartsSubtotalWithShortLinesIsRefusedForThem(t *testing.T) {
	t.Parallel()
	good, short := stocked(t, 500, 10), stocked(t, 700, 1)
	c := customer(t)
	request := checkout(t, c, good, 2, "pm_card_visa")
	cart, err := c.Put(t.Context(), request.CartID, short, 2)
	if err != nil || cart.Subtotal.Amount != 1000 {
		t.Fatalf("cart = %+v, %v", cart, err)
	}
	quote, err := c.Quote(t.Context(), cart.ID, leeds)
	if err != nil || len(quote.Options) == 0 {
		t.Fatalf("quote = %+v, %v", quote, err)
	}
	request.ShippingOption = quote.Options[0].ID
	request.ExpectedTotal = &shop.Money{Amount: cart.Subtotal.Amount + quote.Options[0].Price.Amount, Currency: "GBP"}
	_, err = c.PlaceOrder(t.Context(), uuid.NewString(), request)
	problem := problemOf(t, err, http.StatusConflict, "out_of_stock")
	if want := []shop.Shortage{{SKU: short, Requested: 2, Available: 1}}; !reflect.DeepEqual(problem.Lines, want) || problem.OrderID != "" {
		t.Errorf("problem = %+v, want the lines %+v and no order", problem, want)
	}
	if err := c.Do(t.Context(), http.MethodDelete, "/v1/carts/"+cart.ID+"/items/"+short, nil, nil); err != nil {
		t.Fatal(err)
	}
	if order, err := c.PlaceOrder(t.Context(), uuid.NewString(), request); err != nil || order.Status != "confirmed" {
		t.Errorf("without the short line: %+v, %v", order, err)
	}
}

func TestACustomersCurrentCartIsFoundOnceItIsOpened(t *testing.T) {
	t.Parallel()
	c := customer(t)
	wantProblem(t, c.Do(t.Context(), http.MethodGet, "/v1/carts/current", nil, nil), http.StatusNotFound, "not_found")
	opened, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var current shop.Cart
	if err := c.Do(t.Context(), http.MethodGet, "/v1/carts/current", nil, &current); err != nil || current.ID != opened.ID {
		t.Errorf("current = %+v, %v, want %s", current, err, opened.ID)
	}
}

package replay

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"souk/e2e/shop"
)

const (
	// Shoppers is how many invoices are checked out at once.
	Shoppers = 6
	password = "replay of a real day"
)

// countries are the codes of the countries that the invoices name; others go to GB.
var countries = map[string]string{
	"United Kingdom": "GB", "EIRE": "IE", "Germany": "DE", "France": "FR", "Norway": "NO", "Australia": "AU", "Netherlands": "NL",
	"Belgium": "BE", "Spain": "ES", "Portugal": "PT", "Italy": "IT", "Switzerland": "CH", "Poland": "PL", "Japan": "JP",
	"Iceland": "IS", "Sweden": "SE", "Denmark": "DK", "Finland": "FI", "Austria": "AT", "Cyprus": "CY", "Greece": "GR",
	"Lithuania": "LT", "Channel Islands": "JE", "Israel": "IL", "Singapore": "SG", "USA": "US", "Bahrain": "BH",
}

// Replay is a day being replayed.
type Replay struct {
	Day   *Day
	Shop  *shop.Client
	Staff *shop.Client
	// Progress is told what is done. May be nil.
	Progress func(string)

	run       string
	before    map[string]shop.Level
	mu        sync.Mutex
	customers map[string]*customer
	orders    map[string]shop.Order
}

// customer is one who bought that day. An account is opened once, whoever comes first.
type customer struct {
	once   sync.Once
	client *shop.Client
	err    error
	// A customer has one cart, so invoices of the same customer take turns.
	cart sync.Mutex
}

func (r *Replay) say(format string, args ...any) {
	if r.Progress != nil {
		r.Progress(fmt.Sprintf(format, args...))
	}
}

// Run makes the products, stocks them, and places an order for each invoice.
func (r *Replay) Run(ctx context.Context) error {
	r.run = rand.Text()[:8]
	r.before = map[string]shop.Level{}
	r.customers, r.orders = map[string]*customer{}, map[string]shop.Order{}
	if err := r.makeProducts(ctx); err != nil {
		return err
	}
	if err := r.stock(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Shoppers)
	for i, invoice := range r.Day.Invoices {
		group.Go(func() error {
			if err := r.buy(ctx, invoice); err != nil {
				return fmt.Errorf("invoice %s: %w", invoice.Number, err)
			}
			if i%25 == 24 {
				r.say("%d of %d invoices", i+1, len(r.Day.Invoices))
			}
			return nil
		})
	}
	return group.Wait()
}

func (r *Replay) makeProducts(ctx context.Context) error {
	file, err := r.Day.catalogCSV()
	if err != nil {
		return err
	}
	imported, err := r.Staff.Import(ctx, file)
	if err != nil {
		return fmt.Errorf("import products: %w", err)
	}
	if len(imported.Errors) > 0 {
		return fmt.Errorf("import products: line %d: %s", imported.Errors[0].Line, imported.Errors[0].Message)
	}
	r.say("%d products with %d variants (%d new)", imported.Products, imported.Variants, imported.Created)
	return nil
}

// stock adds what the day will sell of each SKU, and notes the level before the sale.
func (r *Replay) stock(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Shoppers)
	for sku, quantity := range r.Day.sold() {
		group.Go(func() error {
			level, err := r.Staff.Adjust(ctx, sku, quantity, "replay "+r.run)
			if err != nil {
				return fmt.Errorf("stock %s: %w", sku, err)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.before[sku] = level
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.say("stock for %d SKUs", len(r.before))
	return nil
}

// sold adds up what the day sells of each SKU.
func (d *Day) sold() map[string]int64 {
	sold := map[string]int64{}
	for _, invoice := range d.Invoices {
		for _, line := range invoice.Lines {
			sold[line.SKU] += line.Quantity
		}
	}
	return sold
}

// customerOf returns the invoice's customer; a sale without one is a customer of its own.
func (r *Replay) customerOf(ctx context.Context, invoice Invoice) (*customer, error) {
	name := invoice.Customer
	if name == "" {
		name = "invoice-" + invoice.Number
	}
	r.mu.Lock()
	c := r.customers[name]
	if c == nil {
		c = &customer{}
		r.customers[name] = c
	}
	r.mu.Unlock()
	c.once.Do(func() {
		email := fmt.Sprintf("%s.%s@replay.example", name, r.run)
		c.client, _, c.err = r.Shop.Register(ctx, email, password, "Customer "+name)
	})
	return c, c.err
}

func (r *Replay) buy(ctx context.Context, invoice Invoice) error {
	c, err := r.customerOf(ctx, invoice)
	if err != nil {
		return err
	}
	c.cart.Lock()
	defer c.cart.Unlock()
	cart, err := c.client.OpenCart(ctx)
	if err != nil {
		return err
	}
	for _, line := range invoice.Lines {
		if cart, err = c.client.Put(ctx, cart.ID, line.SKU, line.Quantity); err != nil {
			return fmt.Errorf("put %d of %s: %w", line.Quantity, line.SKU, err)
		}
	}
	to := shop.Address{Name: "Customer", Line1: "1 High Street", City: "Town", PostalCode: "AB1 2CD", Country: countries[invoice.Country]}
	if to.Country == "" {
		to.Country = "GB"
	}
	quote, err := c.client.Quote(ctx, cart.ID, to)
	if err != nil {
		return err
	}
	order, err := c.client.PlaceOrder(ctx, "replay-"+r.run+"-"+invoice.Number, shop.Checkout{
		CartID: cart.ID, ShippingAddress: &to, ShippingOption: quote.Options[0].ID, PaymentMethod: "pm_card_visa",
		ExpectedTotal: &shop.Money{Amount: cart.Subtotal.Amount + quote.Options[0].Price.Amount, Currency: currency},
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orders[invoice.Number] = order
	return nil
}

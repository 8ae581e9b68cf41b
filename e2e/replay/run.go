package replay

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"souk/e2e/shop"
)

const (
	// Shoppers is how many invoices are checked out at once.
	Shoppers = 24
	password = "replay of a real day"
)

// countries are the codes of the countries that the invoices name; others go to GB.
var countries = map[string]string{
	"United Kingdom": "GB", "EIRE": "IE", "Germany": "DE", "France": "FR", "Norway": "NO", "Australia": "AU", "Netherlands": "NL",
	"Belgium": "BE", "Spain": "ES", "Portugal": "PT", "Italy": "IT", "Switzerland": "CH", "Poland": "PL", "Japan": "JP",
	"Iceland": "IS", "Sweden": "SE", "Denmark": "DK", "Finland": "FI", "Austria": "AT", "Cyprus": "CY", "Greece": "GR",
	"Lithuania": "LT", "Channel Islands": "JE", "Israel": "IL", "Singapore": "SG", "USA": "US", "Bahrain": "BH",
}

// Replay is invoices being replayed.
type Replay struct {
	Books                     *Books
	Shop                      *shop.Client
	StaffEmail, StaffPassword string
	// Progress is told what is done. May be nil.
	Progress func(string)

	run       string
	staff     *account
	before    map[string]shop.Level
	mu        sync.Mutex
	customers map[string]*customer
	orders    map[string]string // the order's id by the invoice's number
}

// customer is one who bought. An account is opened once, whoever comes first.
type customer struct {
	account
	once sync.Once
	err  error
	// A customer has one cart, so invoices of the same customer take turns.
	cart sync.Mutex
}

func (r *Replay) say(format string, args ...any) {
	if r.Progress != nil {
		r.Progress(fmt.Sprintf(format, args...))
	}
}

// Prepare makes the products and stocks them. What it does is not safe to be done twice, so nothing may be down
// meanwhile.
func (r *Replay) Prepare(ctx context.Context) error {
	r.run = rand.Text()[:8]
	r.staff = &account{shop: r.Shop, email: r.StaffEmail, password: r.StaffPassword}
	r.before = map[string]shop.Level{}
	r.customers, r.orders = map[string]*customer{}, map[string]string{}
	if err := r.makeProducts(ctx); err != nil {
		return err
	}
	return r.stock(ctx)
}

// Run places and dispatches an order for each invoice, and then makes the returns. Parts of the shop may go down
// and come back meanwhile.
func (r *Replay) Run(ctx context.Context) error {
	if err := each(ctx, r.Books.Invoices, func(ctx context.Context, i int, invoice Invoice) error {
		if err := r.sell(ctx, invoice); err != nil {
			return fmt.Errorf("invoice %s: %w", invoice.Number, err)
		}
		if i%100 == 99 {
			r.say("%d of %d invoices", i+1, len(r.Books.Invoices))
		}
		return nil
	}); err != nil {
		return err
	}
	r.say("%d invoices sold and dispatched", len(r.Books.Invoices))
	if err := each(ctx, r.Books.Returns, func(ctx context.Context, _ int, sent Return) error {
		if err := r.takeBack(ctx, sent); err != nil {
			return fmt.Errorf("return %s: %w", sent.Number, err)
		}
		return nil
	}); err != nil {
		return err
	}
	r.say("%d returns received and refunded", len(r.Books.Returns))
	return nil
}

// each does something with all elements, Shoppers of them at once.
func each[T any](ctx context.Context, all []T, do func(ctx context.Context, i int, element T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Shoppers)
	for i, element := range all {
		group.Go(func() error { return do(ctx, i, element) })
	}
	return group.Wait()
}

func (r *Replay) makeProducts(ctx context.Context) error {
	file, err := r.Books.catalogCSV()
	if err != nil {
		return err
	}
	var imported shop.Import
	err = r.staff.do(ctx, func(staff *shop.Client) (err error) {
		imported, err = staff.Import(ctx, file)
		return err
	})
	if err != nil {
		return fmt.Errorf("import products: %w", err)
	}
	if len(imported.Errors) > 0 {
		return fmt.Errorf("import products: line %d: %s", imported.Errors[0].Line, imported.Errors[0].Message)
	}
	r.say("%d products with %d variants (%d new)", imported.Products, imported.Variants, imported.Created)
	return nil
}

// stock adds what will be sold of each SKU, and notes the level before the sale.
func (r *Replay) stock(ctx context.Context) error {
	sold := r.Books.sold()
	err := each(ctx, slices.Collect(maps.Keys(sold)), func(ctx context.Context, _ int, sku string) error {
		return r.staff.do(ctx, func(staff *shop.Client) error {
			level, err := staff.Adjust(ctx, sku, sold[sku], "replay "+r.run)
			if err != nil {
				return fmt.Errorf("stock %s: %w", sku, err)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.before[sku] = level
			return nil
		})
	})
	r.say("stock for %d SKUs", len(r.before))
	return err
}

// sold adds up what is sold of each SKU.
func (b *Books) sold() map[string]int64 {
	sold := map[string]int64{}
	for _, invoice := range b.Invoices {
		for _, line := range invoice.Lines {
			sold[line.SKU] += line.Quantity
		}
	}
	return sold
}

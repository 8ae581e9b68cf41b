package floor

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// product is a product as the shop shows it, with the fields in the same order.
type product struct {
	Brand       string     `json:"brand"`
	Category    string     `json:"category"`
	Description string     `json:"description"`
	ID          string     `json:"id"`
	Images      []image    `json:"images"`
	Price       priceRange `json:"price"`
	PublishAt   *time.Time `json:"publish_at,omitempty"`
	SEO         *seo       `json:"seo,omitempty"`
	Slug        string     `json:"slug"`
	Status      string     `json:"status"`
	Tags        []string   `json:"tags"`
	Title       string     `json:"title"`
	UpdatedAt   time.Time  `json:"updated_at"`
	Variants    []variant  `json:"variants"`
}

type image struct {
	Alt string `json:"alt"`
	URL string `json:"url"`
}

type seo struct {
	Description string `json:"description"`
	Title       string `json:"title"`
}

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

type priceRange struct {
	Max money `json:"max"`
	Min money `json:"min"`
}

type variant struct {
	Availability      string            `json:"availability"`
	Barcode           string            `json:"barcode,omitempty"`
	CompareAtPrice    *money            `json:"compare_at_price,omitempty"`
	Image             *image            `json:"image,omitempty"`
	Inventory         inventory         `json:"inventory"`
	LowestPrice30Days *money            `json:"lowest_price_30_days,omitempty"`
	Options           map[string]string `json:"options"`
	Price             money             `json:"price"`
	SKU               string            `json:"sku"`
	Title             string            `json:"title"`
	WeightGrams       int64             `json:"weight_grams"`
}

type inventory struct {
	Policy  string `json:"policy"`
	Tracked bool   `json:"tracked"`
}

// reader answers a product detail from the databases, with the queries of catalog and inventory.
type reader struct {
	catalog, inventory *pgxpool.Pool
}

func (r *reader) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	p, err := r.read(req.Context(), req.PathValue("slug"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(p) // or the client has left
}

func (r *reader) read(ctx context.Context, slug string) (p product, err error) {
	var currency string
	var handle string
	var version int64
	var created time.Time
	var shown seo
	err = r.catalog.QueryRow(ctx, `SELECT p.id, p.slug, coalesce(p.handle, ''), p.title, p.description, p.brand, p.category, p.tags, p.images, p.currency,
		coalesce(p.status, CASE WHEN p.withdrawn THEN 'withdrawn' ELSE 'active' END), p.publish_at, p.version, p.created_at, p.updated_at,
		p.seo_title, p.seo_description FROM products p WHERE p.slug = $1 AND NOT p.withdrawn`, slug).Scan(
		&p.ID, &p.Slug, &handle, &p.Title, &p.Description, &p.Brand, &p.Category, &p.Tags, &p.Images, &currency, &p.Status, &p.PublishAt, &version,
		&created, &p.UpdatedAt, &shown.Title, &shown.Description)
	if err != nil {
		return p, err
	}
	if shown != (seo{}) {
		p.SEO = &shown
	}
	p.UpdatedAt = p.UpdatedAt.UTC()
	if err := r.readVariants(ctx, &p, currency); err != nil {
		return p, err
	}
	return p, r.readLevels(ctx, &p)
}

func (r *reader) readVariants(ctx context.Context, p *product, currency string) error {
	rows, err := r.catalog.Query(ctx, `SELECT product_id, sku, title, options, price, weight, untracked, continue_selling, compare_at, lowest_price,
		barcode, image FROM variants
		WHERE product_id = ANY($1::uuid[]) ORDER BY product_id, position`, []string{p.ID})
	if err != nil {
		return err
	}
	var id string
	var v variant
	var options []struct{ Name, Value string }
	var untracked, continued bool
	var comparedAt, lowest *int64
	fields := []any{&id, &v.SKU, &v.Title, &options, &v.Price.Amount, &v.WeightGrams, &untracked, &continued, &comparedAt, &lowest, &v.Barcode, &v.Image}
	_, err = pgx.ForEachRow(rows, fields, func() error {
		v.CompareAtPrice, v.LowestPrice30Days = moneyOf(comparedAt, currency), moneyOf(lowest, currency)
		v.Inventory = inventory{Policy: "deny", Tracked: !untracked}
		if continued {
			v.Inventory.Policy = "continue"
		}
		v.Price.Currency, v.Options = currency, map[string]string{}
		for _, o := range options {
			v.Options[o.Name] = o.Value
		}
		if len(p.Variants) == 0 || v.Price.Amount < p.Price.Min.Amount {
			p.Price.Min = v.Price
		}
		if v.Price.Amount > p.Price.Max.Amount {
			p.Price.Max = v.Price
		}
		p.Variants = append(p.Variants, v)
		options = nil
		return nil
	})
	return err
}

func moneyOf(amount *int64, currency string) *money {
	if amount == nil {
		return nil
	}
	return &money{*amount, currency}
}

func (r *reader) readLevels(ctx context.Context, p *product) error {
	var skus []string
	for _, v := range p.Variants {
		skus = append(skus, v.SKU)
	}
	rows, err := r.inventory.Query(ctx, `SELECT sku, on_hand, reserved FROM levels WHERE sku = ANY($1) ORDER BY sku`, skus)
	if err != nil {
		return err
	}
	available := map[string]int64{}
	var sku string
	var onHand, reserved int64
	if _, err := pgx.ForEachRow(rows, []any{&sku, &onHand, &reserved}, func() error {
		available[sku] = onHand - reserved
		return nil
	}); err != nil {
		return err
	}
	for i := range p.Variants {
		p.Variants[i].Availability = availability(available[p.Variants[i].SKU])
	}
	return nil
}

func availability(pieces int64) string {
	switch {
	case pieces <= 0:
		return "out_of_stock"
	case pieces <= 5:
		return "low_stock"
	default:
		return "in_stock"
	}
}

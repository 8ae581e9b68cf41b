// Package replay replays a day of a real shop's invoices (UCI "Online Retail") through the REST API, and reconciles
// what the shop says afterwards with what the invoices say, to the penny.
package replay

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"souk/platform/money"
)

const currency = "GBP"

// Invoice is a sale: what one customer bought at once.
type Invoice struct {
	Number string
	// Customer is empty for a sale without one.
	Customer string
	Country  string
	// Lines are by SKU, quantities added up.
	Lines []Line
}

// Line is what an invoice sold of a SKU.
type Line struct {
	SKU      string
	Quantity int64
	Price    int64
}

// Revenue is what the invoice's lines come to, in pence.
func (i Invoice) Revenue() int64 {
	var sum int64
	for _, l := range i.Lines {
		sum += l.Quantity * l.Price
	}
	return sum
}

// Variant is a thing sold at a price. The same StockCode at another price is another variant.
type Variant struct {
	SKU, StockCode, Description string
	Price                       int64
}

// Day is what a file holds.
type Day struct {
	Invoices []Invoice
	// Variants are in the order they first appear.
	Variants []Variant
	// LeftOut counts the lines that are no sale, by reason.
	LeftOut map[string]int
	// Lines counts every line of the file.
	Lines int
}

// Read reads a day's file.
func Read(r io.Reader) (*Day, error) {
	reader := csv.NewReader(r)
	header, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("read invoices: %w", err)
	}
	column := map[string]int{}
	for i, name := range header {
		column[name] = i
	}
	for _, name := range []string{"InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice", "CustomerID", "Country"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("read invoices: no column %s", name)
		}
	}
	b := builder{day: &Day{LeftOut: map[string]int{}}, invoices: map[string]int{}, variants: map[string]bool{}}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return b.day, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read invoices: %w", err)
		}
		b.add(func(name string) string { return record[column[name]] })
	}
}

type builder struct {
	day      *Day
	invoices map[string]int
	variants map[string]bool
}

func (b *builder) add(get func(column string) string) {
	b.day.Lines++
	quantity, quantityErr := strconv.ParseInt(get("Quantity"), 10, 64)
	price, priceErr := money.Parse(get("UnitPrice"), currency)
	switch {
	case strings.HasPrefix(get("InvoiceNo"), "C"):
		b.day.LeftOut["cancellation"]++
	case quantityErr != nil || quantity <= 0:
		b.day.LeftOut["quantity not above 0"]++
	case priceErr != nil || price.Amount <= 0:
		b.day.LeftOut["price not above 0"]++
	default:
		sku := fmt.Sprintf("%s-%d", get("StockCode"), price.Amount)
		b.addVariant(Variant{SKU: sku, StockCode: get("StockCode"), Description: get("Description"), Price: price.Amount})
		b.addLine(get, Line{SKU: sku, Quantity: quantity, Price: price.Amount})
	}
}

func (b *builder) addVariant(v Variant) {
	if !b.variants[v.SKU] {
		b.variants[v.SKU] = true
		b.day.Variants = append(b.day.Variants, v)
	}
}

func (b *builder) addLine(get func(string) string, line Line) {
	number := get("InvoiceNo")
	at, ok := b.invoices[number]
	if !ok {
		at = len(b.day.Invoices)
		b.invoices[number] = at
		customer, _, _ := strings.Cut(get("CustomerID"), ".")
		b.day.Invoices = append(b.day.Invoices, Invoice{Number: number, Customer: customer, Country: get("Country")})
	}
	invoice := &b.day.Invoices[at]
	i := slices.IndexFunc(invoice.Lines, func(l Line) bool { return l.SKU == line.SKU })
	if i < 0 {
		invoice.Lines = append(invoice.Lines, line)
		return
	}
	invoice.Lines[i].Quantity += line.Quantity
}

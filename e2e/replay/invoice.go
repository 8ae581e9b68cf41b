// Package replay replays a real shop's invoices (UCI "Online Retail") through the REST API, returns included, and
// reconciles what the shop says afterwards with what the invoices say, to the penny.
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

// The most pieces and pence that a line may have: more than real ones have, and no sum of lines overflows.
const (
	maxQuantity = 1_000_000
	maxPrice    = 100_000_000
)

// Invoice is a sale: what one customer bought at once.
type Invoice struct {
	Number string
	// Customer is empty for a sale without one.
	Customer string
	Country  string
	// Lines are by SKU, quantities added up.
	Lines []Line
}

// Line is what an invoice sold, or took back, of a SKU.
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

// Books is what files of invoices hold.
type Books struct {
	Invoices []Invoice
	// Returns are in the order that they were made.
	Returns []Return
	// Variants are in the order they first appear.
	Variants []Variant
	// LeftOut counts the lines that are no sale and no return, by reason.
	LeftOut map[string]int
	// Lines counts every line of the files.
	Lines int
}

// Read reads files of invoices, the oldest first.
func Read(files ...io.Reader) (*Books, error) {
	b := newBuilder()
	for _, file := range files {
		if err := b.read(file); err != nil {
			return nil, fmt.Errorf("read invoices: %w", err)
		}
	}
	return b.books, nil
}

func (b *builder) read(file io.Reader) error {
	reader := csv.NewReader(file)
	header, err := reader.Read()
	if err != nil {
		return err
	}
	column := map[string]int{}
	for i, name := range header {
		column[name] = i
	}
	for _, name := range []string{"InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice", "CustomerID", "Country"} {
		if _, ok := column[name]; !ok {
			return fmt.Errorf("no column %s", name)
		}
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		b.add(func(name string) string { return record[column[name]] })
	}
}

type builder struct {
	books    *Books
	invoices map[string]int
	variants map[string]bool
	bought   purchases
}

func newBuilder() *builder {
	return &builder{
		books: &Books{LeftOut: map[string]int{}}, invoices: map[string]int{}, variants: map[string]bool{}, bought: purchases{},
	}
}

func (b *builder) add(get func(column string) string) {
	b.books.Lines++
	quantity, quantityErr := strconv.ParseInt(get("Quantity"), 10, 64)
	price, priceErr := money.Parse(get("UnitPrice"), currency)
	line := Line{SKU: fmt.Sprintf("%s-%d", get("StockCode"), price.Amount), Quantity: quantity, Price: price.Amount}
	number, customer := get("InvoiceNo"), customerOf(get)
	switch {
	case quantity < -maxQuantity || quantity > maxQuantity || price.Amount > maxPrice:
		b.books.LeftOut["too large for a line"]++
	case strings.HasPrefix(number, "C"):
		b.addReturn(number, customer, line)
	case quantityErr != nil || quantity <= 0:
		b.books.LeftOut["quantity not above 0"]++
	case priceErr != nil || price.Amount <= 0:
		b.books.LeftOut["price not above 0"]++
	default:
		b.addVariant(Variant{SKU: line.SKU, StockCode: get("StockCode"), Description: get("Description"), Price: price.Amount})
		b.addLine(Invoice{Number: number, Customer: customer, Country: get("Country")}, line)
		b.bought.add(customer, number, line)
	}
}

// customerOf reads a customer's number, which the files write as 17850.0.
func customerOf(get func(column string) string) string {
	customer, _, _ := strings.Cut(get("CustomerID"), ".")
	return customer
}

func (b *builder) addVariant(v Variant) {
	if !b.variants[v.SKU] {
		b.variants[v.SKU] = true
		b.books.Variants = append(b.books.Variants, v)
	}
}

// addLine adds a line to its invoice, which it may be the first of.
func (b *builder) addLine(of Invoice, line Line) {
	at, ok := b.invoices[of.Number]
	if !ok {
		at = len(b.books.Invoices)
		b.invoices[of.Number] = at
		b.books.Invoices = append(b.books.Invoices, of)
	}
	invoice := &b.books.Invoices[at]
	invoice.Lines = addTo(invoice.Lines, line)
}

// addTo adds a line to lines, by SKU.
func addTo(lines []Line, line Line) []Line {
	i := slices.IndexFunc(lines, func(l Line) bool { return l.SKU == line.SKU })
	if i < 0 {
		return append(lines, line)
	}
	lines[i].Quantity += line.Quantity
	return lines
}

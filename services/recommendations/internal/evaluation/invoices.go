// Package evaluation is responsible for measuring the model: on the invoices of a real shop it hides one article of a basket and asks for
// it.
package evaluation

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Basket is what one invoice sold.
type Basket struct {
	Invoice string
	// Day is the date of the file, such as 2010-12-01.
	Day string
	// Articles are the codes of the products, each once, in the order of the invoice.
	Articles []string
}

// productCode tells products from postage, discounts and charges: five digits, and letters for a variant.
var productCode = regexp.MustCompile(`^[0-9]{5}[A-Z]*$`)

// Read reads the invoices of UCI's Online Retail, a file for each day named after it. It leaves out cancellations, corrections of the stock,
// and what is no product.
func Read(files fs.FS) ([]Basket, error) {
	names, err := fs.Glob(files, "*.csv")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var baskets []Basket
	for _, name := range names {
		file, err := files.Open(name)
		if err != nil {
			return nil, err
		}
		day, err := readDay(file, strings.TrimSuffix(path.Base(name), ".csv"))
		_ = file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		baskets = append(baskets, day...)
	}
	if len(baskets) == 0 {
		return nil, errors.New("there are no invoices")
	}
	return baskets, nil
}

// columns are those of a file that matter, in this order.
var columns = []string{"InvoiceNo", "StockCode", "Quantity", "UnitPrice"}

func readDay(file io.Reader, day string) ([]Basket, error) {
	rows := csv.NewReader(file)
	header, err := rows.Read()
	if err != nil {
		return nil, err
	}
	at := make([]int, len(columns))
	for i, name := range columns {
		if at[i] = slices.Index(header, name); at[i] < 0 {
			return nil, fmt.Errorf("no column %s", name)
		}
	}
	var baskets []Basket
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return baskets, nil
		}
		if err != nil {
			return nil, err
		}
		invoice, article := row[at[0]], strings.ToUpper(row[at[1]])
		if !isSale(invoice, row[at[2]], row[at[3]]) || !productCode.MatchString(article) {
			continue
		}
		baskets = add(baskets, Basket{Invoice: invoice, Day: day}, article)
	}
}

// isSale reports whether a line sells something. The numbers of cancellations begin with C.
func isSale(invoice, quantity, price string) bool {
	pieces, err := strconv.Atoi(quantity)
	if err != nil || pieces <= 0 || strings.HasPrefix(invoice, "C") {
		return false
	}
	amount, err := strconv.ParseFloat(price, 64)
	return err == nil && amount > 0
}

// add adds an article to the basket of its invoice. The lines of an invoice stand together.
func add(baskets []Basket, of Basket, article string) []Basket {
	if n := len(baskets); n == 0 || baskets[n-1].Invoice != of.Invoice {
		baskets = append(baskets, of)
	}
	last := &baskets[len(baskets)-1]
	if !slices.Contains(last.Articles, article) {
		last.Articles = append(last.Articles, article)
	}
	return baskets
}

// Between returns the baskets of the days from first to last, both included.
func Between(baskets []Basket, first, last string) []Basket {
	var found []Basket
	for _, b := range baskets {
		if first <= b.Day && b.Day <= last {
			found = append(found, b)
		}
	}
	return found
}

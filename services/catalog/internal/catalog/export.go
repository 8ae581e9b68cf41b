package catalog

import (
	"bytes"
	"context"
	"encoding/csv"
	"html"
	"slices"
	"strconv"
	"strings"

	"souk/platform/identifier"
	"souk/platform/money"
)

const (
	// The number of products that an export reads at once.
	exportProducts = 50
	// A part of an export ends with the first product beyond this many bytes.
	exportPart = 1 << 20
)

// exported are the columns of an export.
var exported = []column{
	columnHandle, columnTitle, columnBody, columnVendor, columnType, columnTags, columnPublished, columnStatus,
	optionNames[0], optionValues[0], optionNames[1], optionValues[1], optionNames[2], optionValues[2],
	columnSKU, columnGrams, columnTracker, columnPolicy, columnPrice, columnCompareAt, columnBarcode, columnImage, columnPosition, columnAlt,
	columnVariantImage, columnSEOTitle, columnSEODescription,
}

// Export returns a part of the catalog as a CSV in Shopify's format, products of every status, and the position after which the next part
// begins. The first part, after "", starts with the header. The last one is empty. An import of all parts changes nothing.
func (s *Service) Export(ctx context.Context, after string) (part []byte, next string, err error) {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	if after == "" {
		header := make([]string, len(exported))
		for i, c := range exported {
			header[i] = string(c)
		}
		if err := w.Write(header); err != nil {
			return nil, "", err
		}
		after = firstID
	} else if !identifier.Valid(after) {
		return nil, "", ErrBadCursor
	}
	products, err := s.store.After(ctx, after, exportProducts)
	if err != nil {
		return nil, "", err
	}
	for _, p := range products {
		if err := w.WriteAll(p.rows()); err != nil {
			return nil, "", err
		}
		after = p.ID
		if text.Len() > exportPart {
			break
		}
	}
	w.Flush()
	return text.Bytes(), after, w.Error()
}

// firstID is an ID before those of all products.
const firstID = "00000000-0000-0000-0000-000000000000"

// rows returns the rows of a product in an export: one for each variant, and more if it has more images.
func (p Product) rows() [][]string {
	names := p.optionColumns()
	rows := make([][]string, max(len(p.Variants), len(p.Images)))
	for i := range rows {
		cells := map[column]string{columnHandle: p.fileHandle()}
		if i == 0 {
			p.exportHead(cells, names)
		}
		if i < len(p.Variants) {
			p.Variants[i].export(cells, names, p.Currency)
		}
		if i < len(p.Images) {
			cells[columnImage], cells[columnAlt] = p.Images[i].URL, p.Images[i].Alt
			cells[columnPosition] = strconv.Itoa(i + 1)
		}
		rows[i] = make([]string, len(exported))
		for j, c := range exported {
			rows[i][j] = harmless(c, cells[c])
		}
	}
	return rows
}

// fileHandle returns the handle of a product in files.
func (c Content) fileHandle() string {
	if c.Handle != "" {
		return c.Handle
	}
	return c.Slug
}

func (p Product) exportHead(cells map[column]string, names []string) {
	cells[columnTitle], cells[columnVendor], cells[columnType] = p.Title, p.Brand, p.Category
	cells[columnBody], cells[columnTags] = markedUp(p.Description), strings.Join(p.Tags, ", ")
	cells[columnSEOTitle], cells[columnSEODescription] = p.SEO.Title, p.SEO.Description
	cells[columnPublished], cells[columnStatus] = exportedStatus(p.Status)
	for i, name := range names {
		cells[optionNames[i]] = name
	}
}

// export fills the cells of a variant. Without names, its options stay out, and an import leaves them as they are.
func (v Variant) export(cells map[column]string, names []string, currency string) {
	cells[columnSKU], cells[columnPrice], cells[columnGrams] = v.SKU, amountOf(v.Price, currency), strconv.FormatInt(v.Weight, 10)
	v.exportOffer(cells, currency)
	cells[columnTracker], cells[columnPolicy] = tracker, "deny"
	if v.Untracked {
		cells[columnTracker] = ""
	}
	if v.ContinueSelling {
		cells[columnPolicy] = "continue"
	}
	for i, name := range names {
		if at := slices.IndexFunc(v.Options, func(o Option) bool { return o.Name == name }); at >= 0 {
			cells[optionValues[i]] = v.Options[at].Value
		}
	}
	if len(names) == 1 && names[0] == defaultOption {
		cells[optionValues[0]] = defaultValue
	}
}

// amountOf returns an amount without its currency.
func amountOf(amount int64, currency string) string {
	text, _, _ := strings.Cut(money.New(amount, currency).String(), " ")
	return text
}

// optionColumns returns the names of the options of all variants, or that of Shopify for a product without options. It is empty if the
// columns of a file cannot hold the options: there are too many names, or variants have them in different orders.
func (c Content) optionColumns() (names []string) {
	for _, v := range c.Variants {
		for _, o := range v.Options {
			if !slices.Contains(names, o.Name) {
				names = append(names, o.Name)
			}
		}
	}
	if len(names) == 0 {
		return []string{defaultOption}
	}
	for _, v := range c.Variants {
		inOrder := slices.IsSortedFunc(v.Options, func(a, b Option) int { return slices.Index(names, a.Name) - slices.Index(names, b.Name) })
		if !inOrder || len(names) > maxOptions || len(v.Options) > 0 && v.Options[0] == (Option{defaultOption, defaultValue}) {
			return nil
		}
	}
	return names
}

// tracker is what Shopify writes for a variant whose stock it counts.
const tracker = "shopify"

// Shopify writes this option for a product without options.
const (
	defaultOption = "Title"
	defaultValue  = "Default Title"
)

// markedUp returns a description as HTML that plainText turns into the same text.
func markedUp(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	var out strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if lines := strings.TrimSpace(paragraph); lines != "" {
			out.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(lines), "\n", "<br>") + "</p>")
		}
	}
	return out.String()
}

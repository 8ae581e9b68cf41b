package replay

// Return is what a customer sent back of one invoice.
type Return struct {
	// Number is the cancellation's, such as C536379; one may send back what several invoices sold.
	Number string
	// Invoice is the number of the sale.
	Invoice string
	Lines   []Line
}

// purchases are what customers bought and have not sent back, by customer and SKU, the oldest first.
type purchases map[[2]string][]purchase

type purchase struct {
	invoice string
	left    int64
}

func (p purchases) add(customer, invoice string, line Line) {
	key := [2]string{customer, line.SKU}
	p[key] = append(p[key], purchase{invoice: invoice, left: line.Quantity})
}

// take takes pieces back from the purchases that they are of. It reports false, and takes nothing, when the customer
// did not buy so many.
func (p purchases) take(customer, sku string, pieces int64) (taken []purchase, ok bool) {
	bought := p[[2]string{customer, sku}]
	var left int64
	for _, b := range bought {
		left += b.left
	}
	if left < pieces {
		return nil, false
	}
	for i := range bought {
		if n := min(bought[i].left, pieces); n > 0 {
			bought[i].left -= n
			pieces -= n
			taken = append(taken, purchase{invoice: bought[i].invoice, left: n})
		}
	}
	return taken, true
}

// addReturn adds a line of a cancellation, whose quantity is negative.
func (b *builder) addReturn(number, customer string, line Line) {
	switch {
	case customer == "":
		b.books.LeftOut["return without a customer"]++
		return
	case line.Quantity >= 0:
		b.books.LeftOut["return of nothing"]++
		return
	}
	taken, ok := b.bought.take(customer, line.SKU, -line.Quantity)
	if !ok {
		b.books.LeftOut["return of what the customer did not buy before"]++
		return
	}
	for _, t := range taken {
		b.addReturnLine(number, t.invoice, Line{SKU: line.SKU, Quantity: t.left, Price: line.Price})
	}
}

func (b *builder) addReturnLine(number, invoice string, line Line) {
	for i := range b.books.Returns {
		if r := &b.books.Returns[i]; r.Number == number && r.Invoice == invoice {
			r.Lines = addTo(r.Lines, line)
			return
		}
	}
	b.books.Returns = append(b.books.Returns, Return{Number: number, Invoice: invoice, Lines: []Line{line}})
}

package order

import "slices"

// pieces counts all pieces of items.
func pieces(items []Item) (n int64) {
	for _, item := range items {
		n += item.Quantity
	}
	return n
}

// plus adds pieces to items, which have each SKU once.
func plus(items []Item, more Item) []Item {
	for i := range items {
		if items[i].SKU == more.SKU {
			items[i].Quantity += more.Quantity
			return items
		}
	}
	return append(items, more)
}

// take subtracts items from the pieces of each SKU that are left.
func take(left map[string]int64, items []Item) {
	for _, item := range items {
		left[item.SKU] -= item.Quantity
	}
}

// StockItems returns the lines whose stock is counted.
func (o Order) StockItems() []StockItem {
	var items []StockItem
	for _, line := range o.data.Lines {
		if !line.Untracked {
			items = append(items, StockItem{Item{SKU: line.SKU, Quantity: line.Quantity}, line.ContinueSelling})
		}
	}
	return items
}

// Restocked returns the pieces of a received return that are put back into stock, if it is counted.
func (o Order) Restocked(goods Return) []Item {
	tracked := map[string]bool{}
	for _, item := range o.StockItems() {
		tracked[item.SKU] = true
	}
	return slices.DeleteFunc(goods.restocked(), func(item Item) bool { return !tracked[item.SKU] })
}

// bought counts the pieces of each SKU that were bought.
func (o *Order) bought() map[string]int64 {
	bought := map[string]int64{}
	for _, line := range o.data.Lines {
		bought[line.SKU] += line.Quantity
	}
	return bought
}

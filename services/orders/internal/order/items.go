package order

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

// bought counts the pieces of each SKU that were bought.
func (o *Order) bought() map[string]int64 {
	bought := map[string]int64{}
	for _, line := range o.data.Lines {
		bought[line.SKU] += line.Quantity
	}
	return bought
}

package carts

// Former is a cart as versions before kept it in MongoDB.
type Former struct {
	Cart
	// Merged are the guest carts, and CheckedOut the orders, that this cart took in or gave up last.
	Merged, CheckedOut []string
}

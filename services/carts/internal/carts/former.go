package carts

// Former is a cart as earlier versions stored it in MongoDB.
type Former struct {
	Cart
	// Merged are the latest guest carts merged into this cart, and CheckedOut the latest orders taken out of it.
	Merged, CheckedOut []string
}

package shop

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Session is a login.
type Session struct {
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token"`
	ExpiresIn    int      `json:"expires_in"`
	Customer     Customer `json:"customer"`
}

// Customer is an account.
type Customer struct {
	ID    string   `json:"id"`
	Email string   `json:"email"`
	Roles []string `json:"roles"`
}

// Product is a product with its variants.
type Product struct {
	ID       string    `json:"id"`
	Slug     string    `json:"slug"`
	Title    string    `json:"title"`
	Category string    `json:"category"`
	Variants []Variant `json:"variants"`
	Status   string    `json:"status"`
}

// Variant is what can be put in a cart.
type Variant struct {
	SKU          string `json:"sku"`
	Price        Money  `json:"price"`
	Availability string `json:"availability"`
}

// Products is a page of products.
type Products struct {
	Items      []Product `json:"items"`
	NextCursor string    `json:"next_cursor"`
}

// Import says what became of a product file.
type Import struct {
	Products int `json:"products"`
	Variants int `json:"variants"`
	Created  int `json:"created"`
	Updated  int `json:"updated"`
	Errors   []struct {
		Line    int    `json:"line"`
		Message string `json:"message"`
	} `json:"errors"`
}

// Level is the stock of a SKU.
type Level struct {
	SKU       string `json:"sku"`
	OnHand    int64  `json:"on_hand"`
	Reserved  int64  `json:"reserved"`
	Available int64  `json:"available"`
}

// Line is a line of a cart or an order.
type Line struct {
	SKU          string `json:"sku"`
	Title        string `json:"title"`
	Quantity     int64  `json:"quantity"`
	UnitPrice    Money  `json:"unit_price"`
	LineTotal    Money  `json:"line_total"`
	Availability string `json:"availability"`

	ProductID string `json:"product_id"`
	Slug      string `json:"slug"`
	Image     *struct {
		URL string `json:"url"`
		Alt string `json:"alt"`
	} `json:"image"`
	Options  map[string]string `json:"options"`
	Problems []LineProblem     `json:"problems"`
}

// LineProblem is why a line of a cart cannot be bought as it is.
type LineProblem struct {
	SKU       string `json:"sku"`
	Code      string `json:"code"`
	Available int64  `json:"available"`
}

// Cart is a cart at today's prices.
type Cart struct {
	ID       string `json:"id"`
	Lines    []Line `json:"lines"`
	Subtotal Money  `json:"subtotal"`
}

// Address is where an order goes.
type Address struct {
	ID         string `json:"id,omitempty"`
	Name       string `json:"name"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
}

// Quote lists the ways to send a cart.
type Quote struct {
	Options []struct {
		ID    string `json:"id"`
		Price Money  `json:"price"`
	} `json:"options"`
	Problems []LineProblem `json:"problems"`
}

// Checkout is what places an order.
type Checkout struct {
	CartID          string   `json:"cart_id"`
	AddressID       string   `json:"address_id,omitempty"`
	ShippingAddress *Address `json:"shipping_address,omitempty"`
	ShippingOption  string   `json:"shipping_option"`
	PaymentMethod   string   `json:"payment_method"`
	ExpectedTotal   *Money   `json:"expected_total,omitempty"`
	// Email is that of somebody without an account.
	Email string `json:"email,omitempty"`
}

// Totals are what an order costs.
type Totals struct {
	Subtotal Money `json:"subtotal"`
	Shipping Money `json:"shipping"`
	Tax      Money `json:"tax"`
	Total    Money `json:"total"`
}

// Order is an order.
type Order struct {
	ID         string `json:"id"`
	Number     string `json:"number"`
	Status     string `json:"status"`
	CustomerID string `json:"customer_id"`
	// AccessToken is in the answer to the checkout of a guest.
	AccessToken string `json:"access_token"`
	Lines       []Line `json:"lines"`
	Totals      Totals `json:"totals"`
	Payment     struct {
		Status     string `json:"status"`
		Authorized Money  `json:"authorized"`
		Captured   Money  `json:"captured"`
		Refunded   Money  `json:"refunded"`
	} `json:"payment"`
	Shipments []struct {
		TrackingNumber string `json:"tracking_number"`
		Status         string `json:"status"`
		Events         []struct {
			Status string `json:"status"`
		} `json:"events"`
	} `json:"shipments"`
	Returns   []Return   `json:"returns"`
	Refunds   []Refund   `json:"refunds"`
	Rejection *Rejection `json:"rejection"`
	Timeline  []struct {
		Event   string `json:"event"`
		ActorID string `json:"actor_id"` // staff alone see it
	} `json:"timeline"`
}

// Rejection says why a checkout was refused.
type Rejection struct {
	Reason        string     `json:"reason"`
	DeclineReason string     `json:"decline_reason"`
	Lines         []Shortage `json:"lines"`
}

// Shortage is a line of which there is not enough.
type Shortage struct {
	SKU       string `json:"sku"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// Return is goods that come back.
type Return struct {
	ID             string       `json:"id"`
	OrderID        string       `json:"order_id"`
	OrderNumber    string       `json:"order_number"`
	CustomerID     string       `json:"customer_id"`
	Status         string       `json:"status"`
	Lines          []ReturnLine `json:"lines"`
	NotRestocked   []ReturnLine `json:"not_restocked"`
	Reason         string       `json:"reason"`
	RefusalReason  string       `json:"refusal_reason"`
	Amount         Money        `json:"amount"`
	RefundShipping bool         `json:"refund_shipping"`
	RefundAmount   Money        `json:"refund_amount"`
}

// Returns is a page of returns.
type Returns struct {
	Items      []Return `json:"items"`
	NextCursor string   `json:"next_cursor"`
}

// ReturnLine is pieces of a SKU that come back.
type ReturnLine struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// ReturnRequest asks to send goods back.
type ReturnRequest struct {
	Lines  []ReturnLine `json:"lines"`
	Reason string       `json:"reason"`
}

// Refund is money that goes back.
type Refund struct {
	ID       string       `json:"id"`
	Status   string       `json:"status"`
	Amount   Money        `json:"amount"`
	Reason   string       `json:"reason"`
	Lines    []ReturnLine `json:"lines"`
	Shipping bool         `json:"shipping"`
}

// Orders is a page of orders.
type Orders struct {
	Items      []Order `json:"items"`
	NextCursor string  `json:"next_cursor"`
}

package bench

import "context"

// steps are what a shopper does during a visit: 17 requests, which are 1 list, 8 details, 2 searches, 2 additions to the cart, 3 views
// of it, and 1 checkout.
var steps = []func(*shopper, context.Context) error{
	(*shopper).list, (*shopper).detail, (*shopper).search, (*shopper).detail, (*shopper).detail, (*shopper).addToGuestCart,
	(*shopper).viewGuestCart, (*shopper).detail, (*shopper).search, (*shopper).detail, (*shopper).detail, (*shopper).addToGuestCart,
	(*shopper).viewGuestCart, (*shopper).detail, (*shopper).detail, (*shopper).viewGuestCart, (*shopper).buyGuestCart,
}

// visit makes the next request of a visit. When one fails, a new visit begins.
func (p *shopper) visit(ctx context.Context) error {
	step := steps[p.step]
	p.step = (p.step + 1) % len(steps)
	err := step(p, ctx)
	if err != nil {
		p.step, p.guest = 0, ""
	}
	return err
}

// addToGuestCart opens the cart when there is none.
func (p *shopper) addToGuestCart(ctx context.Context) (err error) {
	if p.guest == "" {
		if p.guest, err = p.openGuestCart(ctx); err != nil {
			return err
		}
	}
	return p.add(ctx, p.guest, p.anything().sku, 1)
}

func (p *shopper) viewGuestCart(ctx context.Context) error {
	return p.look(ctx, "/v1/carts/"+p.guest)
}

func (p *shopper) buyGuestCart(ctx context.Context) error {
	guest := p.guest
	p.guest = ""
	return p.order(ctx, guest)
}

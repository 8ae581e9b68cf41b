package bench

import (
	"context"
	"fmt"
)

// Scenario is a kind of request that is measured.
type Scenario struct {
	Name string
	// visit makes one request. It may consist of several HTTP requests, as a checkout does.
	visit func(*shopper, context.Context) error
	// goods are the SKUs in a guest cart that the scenario buys; nil when it buys none.
	goods func(*shopper) []string
}

// The names of the scenarios.
const (
	detail   = "detail"
	asked    = "detail-copy-off"
	list     = "list"
	search   = "search"
	add      = "add"
	view     = "view"
	order    = "order"
	orderHot = "order-hot"
	mix      = "mix"
)

// Scenarios are all of them, in the order that they are measured in.
var Scenarios = []Scenario{
	{Name: detail, visit: (*shopper).detail},
	{Name: asked, visit: (*shopper).detailAsked},
	{Name: list, visit: (*shopper).list},
	{Name: search, visit: (*shopper).search},
	{Name: add, visit: (*shopper).addToCart},
	{Name: view, visit: (*shopper).viewCart},
	{Name: order, visit: (*shopper).orderFilled, goods: goodsOf(1)},
	{Name: orderHot, visit: (*shopper).orderFilled, goods: func(p *shopper) []string { return []string{p.products[0].sku} }},
	{Name: mix, visit: (*shopper).visit},
}

// ScenarioOf returns the scenario with a name.
func ScenarioOf(name string) (Scenario, error) {
	var names []string
	for _, s := range Scenarios {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("there is no scenario %q, only %q", name, names)
}

// goodsOf returns the goods of carts with so many lines.
func goodsOf(lines int) func(*shopper) []string {
	return func(p *shopper) []string {
		var skus []string
		for _, i := range p.random.Perm(len(p.products) - 1)[:lines] {
			skus = append(skus, p.products[i+1].sku)
		}
		return skus
	}
}

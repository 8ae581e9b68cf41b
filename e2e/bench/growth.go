package bench

import (
	"context"
	"errors"
	"fmt"

	"souk/e2e/bench/growth"
)

// Sizes are how much a shop holds.
type Sizes struct {
	Products int `json:"products"`
	Carts    int `json:"carts"`
	Accounts int `json:"accounts"`
	Orders   int `json:"orders"`
	// Entries are those of the stock's ledger.
	Entries int `json:"stock_entries"`
}

// The sizes that are compared. Trial is a hundredth of Grown, but for the products: with fewer than 2,000 there would be nothing to load.
var (
	few   = Sizes{Products: 1000, Carts: 100, Accounts: 100}
	Grown = Sizes{Products: 100_000, Carts: 100_000, Accounts: 100_000, Orders: 1_000_000, Entries: 10_000_000}
	Trial = Sizes{Products: 2000, Carts: 1000, Accounts: 1000, Orders: 10_000, Entries: 100_000}
)

// Growth compares the cost of a request in a large shop with its cost in a small one.
type Growth struct {
	// Small has 1,000 products, 100 carts and 100 accounts when it is measured. Large gets more and more.
	Small, Large *Shop
	// Sizes are what Large grows to.
	Sizes Sizes
	// OnlyProducts leaves out everything but the products.
	OnlyProducts bool
	Plan         Plan
	// Progress is told what is being loaded or measured.
	Progress func(string)

	report *GrowthReport
}

// GrowthEnv is added to the environment of the parts of a shop that is to grow: its parcels arrive soon, because the orders that are
// copied have to be delivered.
var GrowthEnv = map[string][]string{"shipping": {"SOUK_SHIPPING_TRANSIT=2s"}}

// Measure loads one kind of data after the other, and measures after each what it could have made dearer. When it fails, the report has what
// was measured until then.
func (g *Growth) Measure(ctx context.Context) (report *GrowthReport, failed error) {
	g.report = newGrowthReport(g.Sizes, g.Plan)
	small, large, err := g.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		g.report.finish()
		failed = errors.Join(failed, small.Close(ctx), large.Close(ctx))
	}()
	for _, s := range []*grown{small, large} {
		s.loader.Progress = g.Progress
	}
	type stage = func(ctx context.Context, small, large *grown) error
	stages := []stage{g.carts, g.accounts, g.products, g.orders, g.entries}
	switch {
	case small.titled != nil: // real titles are measured alone
		stages = []stage{g.titles}
	case g.OnlyProducts:
		stages = stages[2:3]
	}
	for _, stage := range stages {
		if err := stage(ctx, small, large); err != nil {
			return g.report, err
		}
	}
	return g.report, nil
}

func (g *Growth) open(ctx context.Context) (small, large *grown, err error) {
	if small, err = openGrown(ctx, g.Small); err != nil {
		return nil, nil, err
	}
	if large, err = openGrown(ctx, g.Large); err != nil {
		return nil, nil, errors.Join(err, small.Close(ctx))
	}
	return small, large, nil
}

// side is one of the two that are compared.
type side struct {
	shop     *Shop
	size     int
	scenario Scenario
}

// compare measures the sides of each comparison in turns, so that whatever else the machine does meets both.
func (g *Growth) compare(ctx context.Context, comparisons ...*Comparison) error {
	for _, s := range []*Shop{g.Small, g.Large} {
		if err := s.SignIn(ctx); err != nil {
			return err
		}
	}
	for round := range g.Plan.Rounds {
		for _, c := range comparisons {
			g.Progress(fmt.Sprintf("round %d of %d: %s", round+1, g.Plan.Rounds, c.title()))
			for turn := range c.sides {
				i := (round + turn) % len(c.sides) // each goes first in every other round
				s := c.sides[i]
				run, err := (&Bench{Shop: s.shop, Plan: c.plan(g.Plan)}).closed(ctx, s.scenario)
				if err == nil && run.Requests == 0 {
					err = fmt.Errorf("no request succeeded: %s", run.Error)
				}
				if err != nil {
					return fmt.Errorf("%s: %d %s: %w", c.Name, s.size, c.Of, err)
				}
				c.runs[i] = append(c.runs[i], run)
			}
		}
	}
	g.report.Comparisons = append(g.report.Comparisons, comparisons...)
	return nil
}

func (g *Growth) carts(ctx context.Context, small, large *grown) error {
	for s, n := range map[*grown]int{small: few.Carts, large: g.Sizes.Carts} {
		if err := s.loader.LoadCarts(ctx, n, s.skus()); err != nil {
			return err
		}
	}
	sized := func(s *grown, lines int) (side, error) {
		cart, err := s.loader.LoadCart(ctx, s.allSKUs()[:lines])
		return side{s.Shop, lines, viewOf(cart)}, err
	}
	one, err := sized(small, 1)
	if err != nil {
		return err
	}
	many, err := sized(small, longCart)
	if err != nil {
		return err
	}
	return g.compare(ctx,
		perCPUOf("add to a cart", "carts", 0.9, side{small.Shop, few.Carts, small.addTo(few.Carts)},
			side{large.Shop, g.Sizes.Carts, large.addTo(g.Sizes.Carts)}),
		perCPUOf("view a cart", "lines", 0, one, many))
}

// longCart is how many lines a long cart has.
const longCart = 1000

func (g *Growth) accounts(ctx context.Context, small, large *grown) error {
	var customers [2]map[string]Scenario
	sizes := [2]int{few.Accounts, g.Sizes.Accounts}
	for i, s := range []*grown{small, large} {
		addresses, err := s.loader.LoadAccounts(ctx, sizes[i])
		if err != nil {
			return err
		}
		if customers[i], err = s.customers(ctx, sizes[i], addresses); err != nil {
			return err
		}
	}
	var all []*Comparison
	for _, name := range accountOperations {
		all = append(all, perCPUOf(name, "accounts", 0.8,
			side{small.Shop, sizes[0], customers[0][name]}, side{large.Shop, sizes[1], customers[1][name]}))
	}
	return g.compare(ctx, all...)
}

func (g *Growth) products(ctx context.Context, small, large *grown) error {
	editions := g.Sizes.Products / len(large.products)
	if err := large.loader.LoadProducts(ctx, large.slugs(), editions); err != nil {
		return err
	}
	before, err := small.browse(ctx, growth.Editions(1))
	if err != nil {
		return err
	}
	after, err := large.browse(ctx, growth.Editions(editions))
	if err != nil {
		return err
	}
	return g.browsed(ctx, browsing, small.Shop, large.Shop, before, after)
}

// browsed compares what shoppers look for with few and with many products.
func (g *Growth) browsed(ctx context.Context, names []string, small, large *Shop, before, after map[string]Scenario) error {
	var all []*Comparison
	for _, name := range names {
		all = append(all, p99Of(name, 1.5, side{small, few.Products, before[name]}, side{large, g.Sizes.Products, after[name]}))
	}
	if err := g.compare(ctx, all...); err != nil {
		return err
	}
	for _, c := range all {
		g.report.Comparisons = append(g.report.Comparisons, c.cost())
	}
	return nil
}

func (g *Growth) orders(ctx context.Context, small, large *grown) error {
	if _, err := large.loader.LoadOrders(ctx, g.Sizes.Orders, g.Sizes.Accounts, large.skus()); err != nil {
		return err
	}
	s, err := ScenarioOf(order)
	if err != nil {
		return err
	}
	return g.compare(ctx, perCPUOf("checkout", "past orders", 0.9, side{small.Shop, 0, s}, side{large.Shop, g.Sizes.Orders, s}))
}

func (g *Growth) entries(ctx context.Context, small, large *grown) error {
	if err := large.loader.LoadStockEntries(ctx, g.Sizes.Entries, large.allSKUs()); err != nil {
		return err
	}
	s, err := ScenarioOf(order)
	if err != nil {
		return err
	}
	return g.compare(ctx,
		perCPUOf("checkout", "stock entries", 0, side{small.Shop, 0, s}, side{large.Shop, g.Sizes.Entries, s}),
		perCPUOf("adjust the stock", "stock entries", 0, side{small.Shop, 0, small.adjust()}, side{large.Shop, g.Sizes.Entries, large.adjust()}))
}

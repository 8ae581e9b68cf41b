package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Chart measures latency against load, and cost against size, and writes a picture of each into a folder.
func (b *Bench) Chart(ctx context.Context, dir string) error {
	if err := b.Shop.SignIn(ctx); err != nil {
		return err
	}
	for _, c := range []struct {
		file    string
		measure func(context.Context) (chart, error)
	}{{"performance-latency.svg", b.latencyByLoad}, {"performance-cost.svg", b.costBySize}} {
		picture, err := c.measure(ctx)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, c.file)
		b.Progress("drawing " + path)
		if err := os.WriteFile(path, picture.svg(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// latencyByLoad measures scenarios in the open loop, at 10 to 90 % of what they do in the closed loop.
func (b *Bench) latencyByLoad(ctx context.Context) (chart, error) {
	c := chart{title: "Latency against load: median and 99th percentile", x: "load, % of capacity", y: "ms"}
	for color, name := range []string{detail, mix, order} {
		s, err := ScenarioOf(name)
		if err != nil {
			return c, err
		}
		b.Progress(name + ": capacity")
		capacity, err := b.closed(ctx, s)
		if err != nil {
			return c, err
		}
		p50, p99 := line{name: name + " p50", color: color}, line{name: name + " p99", color: color, dashed: true}
		for load := 10.0; load <= 90; load += 10 {
			rate := capacity.rate() * load / 100
			b.Progress(fmt.Sprintf("%s: %.0f %% of it, %.0f a second", name, load, rate))
			run, err := b.open(ctx, s, rate)
			if err != nil {
				return c, err
			}
			if run.Requests == 0 {
				return c, fmt.Errorf("no request succeeded: %s", run.Error)
			}
			p50.points = append(p50.points, point{load, milliseconds(run.P50)})
			p99.points = append(p99.points, point{load, milliseconds(run.P99)})
		}
		c.lines = append(c.lines, p50, p99)
	}
	return c, nil
}

// sized are scenarios that can be of several sizes. A cart that is viewed is filled before.
var sized = []struct {
	name   string
	sizes  []int
	filled bool
	of     func(size int) Scenario
}{
	{"list, products", []int{1, 5, 20, 50, 100}, false, func(size int) Scenario {
		return Scenario{visit: func(p *shopper, ctx context.Context) error {
			return p.look(ctx, fmt.Sprint("/v1/products?limit=", size))
		}}
	}},
	{"view, lines", []int{1, 5, 20, 50, 100}, true, func(int) Scenario { return Scenario{visit: (*shopper).viewGuestCart} }},
	{"order, lines", []int{1, 5, 20}, false, func(size int) Scenario {
		return Scenario{visit: (*shopper).orderFilled, goods: goodsOf(size)}
	}},
}

// costBySize measures what a request costs all servers together, by its size.
func (b *Bench) costBySize(ctx context.Context) (chart, error) {
	c := chart{title: "Cost against size: processor time of a request", x: "products or lines", y: "CPU-ms"}
	for color, kind := range sized {
		l := line{name: kind.name, color: color}
		for _, size := range kind.sizes {
			b.Progress(fmt.Sprintf("%s: %d", kind.name, size))
			if kind.filled {
				if err := b.Shop.inTurns(func(p *shopper) (err error) {
					p.guest, err = p.fillCart(ctx, goodsOf(size)(p)...)
					return err
				}); err != nil {
					return c, err
				}
			}
			run, err := b.closed(ctx, kind.of(size))
			if err == nil && run.perCPU() == 0 {
				err = fmt.Errorf("no request succeeded, or none cost anything: %s", run.Error)
			}
			if err != nil {
				return c, err
			}
			l.points = append(l.points, point{float64(size), 1000 / run.perCPU()})
		}
		c.lines = append(c.lines, l)
	}
	return c, nil
}

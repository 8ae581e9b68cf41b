package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"souk/e2e/bench/floor"
	"souk/testkit/devserver"
)

// FloorCommand is what this program is called with, and a file's path, to be the server of the floors.
const FloorCommand = "floor"

// ServeFloors serves the floors as a file says, until ctx is done.
func ServeFloors(ctx context.Context, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var cfg floor.Config
	if err := json.Unmarshal(content, &cfg); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return floor.Serve(ctx, cfg)
}

// floors are what the shop is compared with. A server of its own answers product details, and checkouts are written by the driver.
type floors struct {
	shop     *Shop
	server   *devserver.Process
	client   *client
	checkout *floor.Checkout
}

// openFloors starts the floors beside a shop.
func openFloors(ctx context.Context, s *Shop) (*floors, error) {
	port, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	answers, err := s.details(ctx)
	if err != nil {
		return nil, err
	}
	f := &floors{shop: s, client: newClient("http://"+addr, 2*shoppersAtOnce)}
	var skus []string
	for _, p := range s.products[1:] {
		skus = append(skus, p.sku)
	}
	if f.checkout, err = floor.OpenCheckout(ctx, func(service string) string { return s.DatabaseURL(service, service) }, skus, connections); err != nil {
		return nil, err
	}
	cfg := floor.Config{
		Addr: addr, Catalog: s.DatabaseURL("catalog", "catalog"), Inventory: s.DatabaseURL("inventory", "inventory"), Products: answers,
	}
	if f.server, err = startFloorServer(ctx, cfg, s.dir); err != nil {
		return nil, err
	}
	return f, f.check(ctx, answers)
}

func startFloorServer(ctx context.Context, cfg floor.Config, dir string) (*devserver.Process, error) {
	content, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "floors.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return devserver.StartProcess(ctx, devserver.ProcessConfig{Name: "floor", Path: program, Args: []string{FloorCommand, path}})
}

// details returns what the shop answers to the detail of each product.
func (s *Shop) details(ctx context.Context) (map[string]string, error) {
	answers := map[string]string{}
	for _, p := range s.products {
		answer, err := s.client.get(ctx, "/v1/products/"+p.slug, "")
		if err != nil {
			return nil, err
		}
		answers[p.slug] = string(answer)
	}
	return answers, nil
}

// check waits for the server, and fails unless it answers a product detail with the bytes of the shop.
func (f *floors) check(ctx context.Context, answers map[string]string) error {
	slug := f.shop.products[0].slug
	for _, path := range []string{floor.MemoryPath, floor.ReadPath} {
		answer, err := f.client.get(ctx, path+slug, "")
		for try := 0; err != nil && try < 100; try++ {
			if err := sleep(ctx, 50*time.Millisecond); err != nil {
				return err
			}
			answer, err = f.client.get(ctx, path+slug, "")
		}
		if err != nil {
			return fmt.Errorf("the server of the floors: %w", err)
		}
		if string(answer) != answers[slug] {
			return fmt.Errorf("the floor at %s answers\n%s\nand the shop\n%s", path, answer, answers[slug])
		}
	}
	return nil
}

func (f *floors) close(ctx context.Context) error {
	f.checkout.Close()
	return f.server.Stop(context.WithoutCancel(ctx))
}

// measure measures the three floors. Only the processes that work for a floor are counted.
func (f *floors) measure(ctx context.Context, b *Bench) error {
	server, database := []int{f.server.PID()}, f.shop.servers()[postgres]
	for _, m := range []struct {
		name    string
		servers servers
		do      work
	}{
		{memoryFloor, servers{goServices: server}, f.detail(floor.MemoryPath)},
		{readFloor, servers{goServices: server, postgres: database}, f.detail(floor.ReadPath)},
		{checkoutFloor, servers{postgres: database}, f.checkout.Do},
	} {
		b.Progress(m.name)
		run, err := closedLoop(ctx, connections, b.Plan.window(), m.servers, m.do)
		if m.name == checkoutFloor && err == nil {
			run.CPU[goServices] = run.Driver // it does the work of the services
		}
		if err := b.keep(m.name, run, err); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// detail asks for products as the scenario of that name does.
func (f *floors) detail(path string) work {
	return func(ctx context.Context, worker int) error {
		_, err := f.client.get(ctx, path+f.shop.shoppers[worker].anything().slug, "")
		return err
	}
}

package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

const (
	// connections are how many shoppers of the closed loop make requests at once.
	connections = 8
	// shoppersAtOnce is how many shoppers there are for the open loop.
	shoppersAtOnce = 32
	password       = "a quiet moment to measure"
)

// Shop is a running shop with goods, and with shoppers who are signed in.
type Shop struct {
	*stack.Stack
	client   *client
	asking   *client // of the gateway that keeps no copies
	staff    *shop.Client
	emails   []string
	shoppers []*shopper
	products []product
	titled   titled // names the products, unless their names are made up
	filled   filled
	// otherVersion is whether the binaries are not of these sources.
	otherVersion bool
	// confirmed counts the orders.
	confirmed atomic.Int64
	// idle is the memory of its Go processes after the start, in MiB.
	idle map[string]float64
	dir  string
}

// plainGateway is a second gateway, which asks the services for everything that the first one keeps copies of.
const plainGateway = stack.Gateway + "-2"

// Options are how a shop differs from that of make run.
type Options struct {
	// BinDir is the folder with the binaries of the services and the gateway. By default they are compiled from the sources here.
	BinDir string
	// PartEnv is added to the environment of its parts.
	PartEnv map[string][]string
	// Titles are those of its products. By default they are made up.
	Titles []string
}

// Open starts a shop on free ports as make run does, with 1,000 products in stock. Its data is in a temporary folder, and is as safe
// as that of make run: commits wait for the disk.
func Open(ctx context.Context, o Options) (*Shop, error) {
	binDir, err := o.BinDir, error(nil)
	if binDir == "" {
		binDir, err = testshop.Build(ctx)
	}
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "souk-bench-")
	if err != nil {
		return nil, err
	}
	// PostgreSQL may run as another user.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	env := map[string][]string{}
	maps.Copy(env, o.PartEnv)
	env[plainGateway] = append([]string{"SOUK_GATEWAY_COPY=off"}, env[plainGateway]...)
	running, err := stack.Start(ctx, stack.Config{
		Dir: dir, BinDir: binDir, GatewayAddr: "127.0.0.1:0", StaffEmail: "staff@souk.example",
		Env: []string{"SOUK_RATE_LIMITS=off"}, PartEnv: env, Replicas: map[string]int{stack.Gateway: 2},
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &Shop{
		Stack: running, client: newClient(running.URL(), 2*shoppersAtOnce), asking: newClient("http://"+running.GatewayAddr(plainGateway), 2*shoppersAtOnce),
		products: products(), titled: o.Titles, dir: dir, otherVersion: o.BinDir != "",
	}
	if s.titled != nil {
		s.products = s.titled.products(few.Products)
	}
	if s.idle, err = memory(running); err == nil {
		err = s.fill(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

// Close stops the shop and deletes its data.
func (s *Shop) Close(ctx context.Context) error {
	return errors.Join(s.Stop(context.WithoutCancel(ctx)), os.RemoveAll(s.dir))
}

// door returns a client of the shop. Another version is not held to the contract of these sources.
func (s *Shop) door() *shop.Client {
	client := shop.New(s.URL())
	if s.otherVersion {
		client.HTTP.Transport = http.DefaultTransport
	}
	return client
}

// fill imports the goods and opens the shoppers' accounts.
func (s *Shop) fill(ctx context.Context) error {
	door := s.door()
	if err := s.signStaffIn(ctx, door); err != nil {
		return err
	}
	file, err := s.goods()
	if err != nil {
		return err
	}
	if err := s.staff.ImportAll(ctx, file); err != nil {
		return fmt.Errorf("import the goods: %w", err)
	}
	for range shoppersAtOnce {
		s.emails = append(s.emails, rand.Text()+"@bench.example")
	}
	return s.each(func(i int) error {
		_, _, err := door.Register(ctx, s.emails[i], password, "Ada Shopper")
		return err
	})
}

// goods is the file of the products.
func (s *Shop) goods() ([]byte, error) {
	if s.titled != nil {
		return s.titled.csv(0, len(s.products))
	}
	return goodsCSV()
}

// each does something for the number of each shopper, several at once.
func (s *Shop) each(do func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(connections)
	for i := range shoppersAtOnce {
		group.Go(func() error { return do(i) })
	}
	return group.Wait()
}

func (s *Shop) signStaffIn(ctx context.Context, door *shop.Client) (err error) {
	if s.staff, _, err = door.Login(ctx, s.StaffEmail(), s.StaffPassword()); err != nil {
		err = fmt.Errorf("log in as staff: %w", err)
	}
	return err
}

// SignIn gives staff and every shopper a new access token, which is good for 5 and 15 minutes, and each shopper a cart with three lines.
func (s *Shop) SignIn(ctx context.Context) error {
	door := s.door()
	if err := s.signStaffIn(ctx, door); err != nil {
		return err
	}
	s.shoppers = make([]*shopper, shoppersAtOnce)
	return s.each(func(i int) error {
		signedIn, _, err := door.Login(ctx, s.emails[i], password)
		if err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		s.shoppers[i], err = newShopper(ctx, s, i, signedIn)
		return err
	})
}

// servers returns the processes of the shop.
func (s *Shop) servers() servers {
	all := servers{}
	add := func(group string, parts ...string) {
		for _, part := range parts {
			all[group] = append(all[group], s.Process(part).PID())
		}
	}
	for _, service := range append([]string{stack.Gateway}, stack.Services...) {
		add(goServices, s.Instances(service)...)
	}
	add(postgres, stack.Postgres)
	add(ferretdb, stack.Mongo)
	add(consul, stack.Consul)
	return all
}

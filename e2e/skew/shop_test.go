package skew

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"souk/deploy/local/stack"
	"souk/e2e/chaos"
	"souk/e2e/poll"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/platform/consul"
	"souk/platform/secret"
)

const (
	// A part that was replaced serves, and an answer comes, this long afterwards at the latest.
	servesWithin = 60 * time.Second
	// What the shop was told to do is done, and its books are clean, this long after the last kill.
	cleanWithin = 60 * time.Second
)

var skus = []string{"S-1", "S-2", "S-3"}

// mix is a shop whose parts have different versions.
type mix struct {
	*testshop.Shop
	client *shop.Client
	books  chaos.Books
}

// open starts a shop on fresh databases, with the binaries of some parts in other folders, and puts goods on sale.
func open(t *testing.T, binaries map[string]string) *mix {
	t.Helper()
	s, stop, err := testshop.Start(t.Context(), stack.Config{
		Binaries: binaries, Env: []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	})
	m := &mix{Shop: s, books: chaos.Audited(s.Stack)}
	m.reach(t, binaries)
	for part := range maps.Keys(binaries) {
		m.awaitVersion(t, part, isReleased)
	}
	if err := m.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// reach makes a client, which holds the gateway to the contract of its version.
func (m *mix) reach(t *testing.T, binaries map[string]string) {
	t.Helper()
	m.client = shop.New(m.URL())
	if _, old := binaries[stack.Gateway]; old {
		m.client.HTTP.Transport = shop.HeldTo(releasedContract(t), http.DefaultTransport)
	}
	m.client.HTTP.Timeout = 20 * time.Second
}

// fill puts goods on sale.
func (m *mix) fill(ctx context.Context) error {
	staff, err := m.staff(ctx)
	if err != nil {
		return err
	}
	return staff.Sell(ctx, skus, 100_000)
}

// replace stops a part and starts it with the binary in a folder, on the same data.
func (m *mix) replace(t *testing.T, part, folder string, version func(string) bool) {
	t.Helper()
	m.UseBinary(part, folder)
	if err := m.Restart(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	m.awaitVersion(t, part, version)
}

func isToday(version string) bool    { return strings.HasSuffix(version, "-dev") }
func isReleased(version string) bool { return !isToday(version) }

// awaitVersion waits until one instance of a part passes its health check, and has told Consul a version of that kind.
func (m *mix) awaitVersion(t *testing.T, part string, wanted func(string) bool) {
	t.Helper()
	client, err := consul.NewClient(m.ConsulAddr(), secret.Text(m.ConsulManagementToken()))
	if err != nil {
		t.Fatal(err)
	}
	if err := poll.Until(t.Context(), servesWithin, func(ctx context.Context) error {
		entries, _, err := client.Health().Service(part, "", true, (&api.QueryOptions{}).WithContext(ctx))
		if err != nil {
			return err
		}
		if len(entries) != 1 || !wanted(entries[0].Service.Meta["version"]) {
			return fmt.Errorf("%s has %d instances that pass, not one of the wanted version: %+v", part, len(entries), entries)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// upgrade replaces a released part by today's.
func (m *mix) upgrade(t *testing.T, part string, binaries map[string]string) {
	t.Helper()
	m.replace(t, part, m.Config().BinDir, isToday)
	others := maps.Clone(binaries)
	delete(others, part)
	m.reach(t, others)
}

// rollBack replaces today's part by the released one again.
func (m *mix) rollBack(t *testing.T, part string, binaries map[string]string) {
	t.Helper()
	m.replace(t, part, binaries[part], isReleased)
	m.reach(t, binaries)
}

package identity

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"souk/deploy/local/stack"
	rest "souk/e2e/shop"
	"souk/platform/consul"
	"souk/platform/secret"
	"souk/testkit/certtest"
)

const (
	rotations = 50
	shoppers  = 4
	// The processes have their new certificates this long after the root was replaced.
	rotatedWithin = 30 * time.Second
)

// TestRotationsDropNoRequest replaces the root of the authority again and again, and with it the certificate of every
// process, while shoppers go on and connections are made anew.
func TestRotationsDropNoRequest(t *testing.T) {
	client, err := consul.NewClient(shop.ConsulAddr(), secret.Text(shop.ConsulManagementToken()))
	if err != nil {
		t.Fatal(err)
	}
	addresses := map[string]string{}
	for _, name := range stack.Services {
		addresses[name] = addressOf(t, name)
	}
	load := newLoad(t)
	var slowest time.Duration
	for range rotations {
		before := serials(t, addresses)
		start := time.Now()
		replaceRoot(t, client)
		for fresh := 0; fresh < len(addresses); {
			if time.Since(start) > rotatedWithin {
				t.Fatalf("%d of %d services have a new certificate after %v", fresh, len(addresses), rotatedWithin)
			}
			fresh = 0
			for name, serial := range serials(t, addresses) {
				if serial != before[name] {
					fresh++
				}
			}
		}
		slowest = max(slowest, time.Since(start))
	}
	requests, failures := load.end()
	for _, failure := range failures {
		t.Error(failure)
	}
	t.Logf("measured: %d rotations of the root and of the certificates of %d services, the slowest in %.1f s: %d requests, %d failed",
		rotations, len(addresses), slowest.Seconds(), requests, len(failures))
}

// serials returns the serial number of the certificate that each service shows now.
func serials(t *testing.T, addresses map[string]string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, address := range addresses {
		dialer := &tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, NextProtos: []string{"h2"}}}
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String()
		_ = conn.Close()
	}
	return all
}

func replaceRoot(t *testing.T, client *api.Client) {
	t.Helper()
	next, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Connect().CASetConfig(&api.CAConfig{
		Provider: "consul", Config: map[string]any{"RootCert": string(next.RootPEM), "PrivateKey": string(next.KeyPEM)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// load is shoppers who browse and fill carts: calls from the gateway to four services, and between these.
type load struct {
	client   *http.Client
	stop     context.CancelFunc
	done     sync.WaitGroup
	requests atomic.Int64

	mu       sync.Mutex
	failures []string
}

func newLoad(t *testing.T) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{client: rest.New(shop.URL()).HTTP, stop: cancel}
	for range shoppers {
		l.done.Go(func() {
			for ctx.Err() == nil {
				l.send(ctx, http.MethodGet, "/v1/products?limit=5", http.StatusOK)
				l.send(ctx, http.MethodPost, "/v1/carts", http.StatusCreated)
				l.send(ctx, http.MethodGet, "/v1/categories", http.StatusOK)
				l.send(ctx, http.MethodGet, "/.well-known/jwks.json", http.StatusOK)
			}
		})
	}
	t.Cleanup(cancel)
	return l
}

func (l *load) send(ctx context.Context, method, path string, want int) {
	req, err := http.NewRequestWithContext(ctx, method, shop.URL()+path, nil)
	if err != nil {
		l.fail(err.Error())
		return
	}
	resp, err := l.client.Do(req)
	if ctx.Err() != nil {
		return
	}
	l.requests.Add(1)
	if err != nil {
		l.fail(err.Error())
		return
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	stale := strings.HasPrefix(resp.Header.Get("Warning"), "110")
	if resp.StatusCode != want || stale {
		l.fail(fmt.Sprintf("%s %s: %d (stale: %v) %s", method, path, resp.StatusCode, stale, body))
	}
}

func (l *load) fail(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures = append(l.failures, what)
}

// end stops the shoppers and returns what they saw.
func (l *load) end() (requests int64, failures []string) {
	l.stop()
	l.done.Wait()
	return l.requests.Load(), l.failures
}

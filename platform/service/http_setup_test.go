package service

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/testkit/certtest"
)

// httpServer is the HTTP part of a process.
type httpServer struct {
	addr string
	log  *buffer
	web  *web
}

// serveWith serves handler until the test ends. The test fails if a connection is still open then.
func serveWith(t *testing.T, cfg HTTPConfig, handler http.HandlerFunc) *httpServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := &buffer{}
	s := &Service{logger: slog.New(slog.NewTextHandler(log, nil)), handler: handler, cfg: Config{Drain: time.Second}}
	if err := s.ConfigureHTTP(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	group, ctx := errgroup.WithContext(ctx)
	drain := s.serveHTTP(ctx, group, listener)
	t.Cleanup(func() {
		drain()
		cancel()
		if err := group.Wait(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &httpServer{addr: listener.Addr().String(), log: log, web: &s.web}
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }

// clientFrom returns a client that connects from a loopback address and accepts any certificate.
func clientFrom(t *testing.T, address string) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext:       dialerFrom(address).DialContext,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

func dialerFrom(address string) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 10 * time.Second}
}

// p99 returns the 99th percentile of the latency of requests.
func p99(t *testing.T, client *http.Client, url string, requests int) time.Duration {
	t.Helper()
	took := make([]time.Duration, requests)
	for i := range took {
		start := time.Now()
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("answered %d", resp.StatusCode)
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[requests*99/100]
}

// inUse returns the memory in use, in bytes, and the number of goroutines.
func inUse() (memory int64, goroutines int) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse), runtime.NumGoroutine()
}

// files is a certificate and its key on disk.
type files struct {
	authority *certtest.Authority
	cert, key string
}

func newFiles(t *testing.T) *files {
	t.Helper()
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	f := &files{authority: authority, cert: filepath.Join(dir, "tls.crt"), key: filepath.Join(dir, "tls.key")}
	f.replace(t)
	return f
}

func (f *files) config() HTTPConfig { return HTTPConfig{CertFile: f.cert, KeyFile: f.key} }

// replace writes a new certificate and key, and returns the certificate.
func (f *files) replace(t *testing.T) *tls.Certificate {
	t.Helper()
	certPEM, keyPEM, err := f.authority.Issue("gateway", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	write(t, f.cert, certPEM)
	write(t, f.key, keyPEM)
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return &pair
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// buffer is a log that can be read while it is being written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	const within = 20 * time.Second
	deadline := time.After(within)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		case <-tick.C:
		}
	}
}

package edge

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
)

const (
	slowBodies    = 1200
	slowAddresses = 12
	firstPiece    = 100 << 10
	// What the process may grow by, connections included.
	mostGrown = 64 << 20
)

func TestSlowBodiesTakeLittleMemoryAndNoSale(t *testing.T) {
	s := start(t)
	addr := strings.TrimPrefix(s.URL(), "http://")
	pid := s.Process(stack.Gateway).PID()
	before := resident(t, pid)
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	statuses := map[int]int{}
	var senders, started sync.WaitGroup
	for i := range slowBodies {
		started.Add(1)
		senders.Go(func() {
			status := sendSlowly(ctx, fmt.Sprintf("127.0.2.%d", i%slowAddresses+1), addr, &started)
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	started.Wait()
	shopper := shop.New(s.URL())
	for range 50 {
		begun := time.Now()
		err := shopper.Do(t.Context(), http.MethodPost, "/v1/shipping-quotes", map[string]any{
			"cart_id": "none", "address": map[string]any{"country": "GB", "postal_code": "LS1"},
		}, nil)
		if took := time.Since(begun); !strings.Contains(fmt.Sprint(err), "not_found") || took > 2*time.Second {
			t.Errorf("after %v a shopper is answered %v", took, err)
		}
	}
	grown := resident(t, pid) - before
	stop()
	senders.Wait()
	t.Logf("measured: %d slow bodies of 1 MiB: the gateway grew by %d MiB; answers by status, 0 for none yet: %v", slowBodies, grown>>20, statuses)
	if grown > mostGrown {
		t.Errorf("the gateway grew by %d MiB", grown>>20)
	}
	if statuses[http.StatusServiceUnavailable] == 0 || statuses[http.StatusTooManyRequests] > 0 {
		t.Errorf("answers: %v, want some that gave way", statuses)
	}
}

// sendSlowly sends a body of 1 MiB, the first piece at once and then a little at a time, until ctx is done or it is answered. It
// returns the answer's status, 0 for none.
func sendSlowly(ctx context.Context, from, to string, started *sync.WaitGroup) int {
	done := sync.OnceFunc(started.Done)
	defer done()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return -1
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	go func() {
		_, err := fmt.Fprintf(conn, "PUT /v1/carts/x/items/y HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			1<<20, strings.Repeat(" ", firstPiece))
		done()
		for err == nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
				_, err = conn.Write([]byte(strings.Repeat(" ", 1000)))
			}
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// resident returns the bytes of a process that are in memory.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(content))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

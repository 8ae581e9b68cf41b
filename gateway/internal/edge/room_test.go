package edge

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"souk/platform/admission"
)

// serveRoom serves an edge whose room for bodies has this size. Its operations are answered 299.
func serveRoom(t *testing.T, bytes int, limiter *admission.Limiter) (*Router, *edgeServer) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	router, err := NewRouter(nil, Options{Limiter: limiter, Logger: logger}, pass)
	if err != nil {
		t.Fatal(err)
	}
	router.room = newRoom(bytes)
	server := httptest.NewServer(Wrap(router, logger, noRequestLog()))
	t.Cleanup(func() {
		server.Close() // waits for all requests to end
		if free := router.freeRoom(); free != bytes {
			t.Errorf("%d bytes are free in the end, of %d", free, bytes)
		}
	})
	return router, &edgeServer{url: server.URL, client: server.Client()}
}

func (rt *Router) freeRoom() int {
	rt.room.mu.Lock()
	defer rt.room.mu.Unlock()
	return rt.room.free
}

func (rt *Router) bodiesArriving() int {
	rt.room.mu.Lock()
	defer rt.room.mu.Unlock()
	return rt.room.arriving.Len()
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: never", what)
		}
		runtime.Gosched()
	}
}

// slow is a request whose body is sent piece by piece.
type slow struct {
	conn   net.Conn
	answer chan int
}

// sendSlowly sends the first bytes of a body. The declared length is length, or -1 for chunks. The status of the answer follows
// later.
func (e *edgeServer) sendSlowly(t *testing.T, length, first int) *slow {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &slow{conn: conn, answer: make(chan int, 1)}
	_, err = fmt.Fprintf(conn, "PUT /v1/carts/x/items/y HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		length, strings.Repeat(" ", first))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			s.answer <- 0
			return
		}
		_ = resp.Body.Close()
		s.answer <- resp.StatusCode
	}()
	return s
}

const quantity = `{"quantity": 1}`

func (e *edgeServer) putItem(t *testing.T, body io.Reader) reply {
	t.Helper()
	return e.send(t, request{
		method: "PUT", path: "/v1/carts/x/items/y", body: body, header: map[string]string{"Content-Type": "application/json"},
	})
}

func TestSlowlyArrivingBodiesAreDropped(t *testing.T) {
	t.Parallel()
	router, e := serveRoom(t, 64<<10, nil)
	var waiting []*slow
	for range 4 { // 12 KiB each
		before := router.freeRoom()
		waiting = append(waiting, e.sendSlowly(t, 100_000, 12_000))
		until(t, "the bytes have come", func() bool { return router.freeRoom() == before-12<<10 })
	}
	for range 20 {
		e.putItem(t, strings.NewReader(quantity)).mustPass(t)
	}
	if got := router.bodiesArriving(); got != 4 {
		t.Errorf("%d bodies are arriving while there is room for all", got)
	}
	// A body of 32 KiB needs the free memory and that of two others.
	e.putItem(t, strings.NewReader(quantity+strings.Repeat(" ", 32<<10-1-len(quantity)))).mustPass(t)
	for _, s := range waiting[:2] {
		if status := <-s.answer; status != http.StatusServiceUnavailable {
			t.Errorf("one of the oldest is answered %d", status)
		}
	}
	if got := router.bodiesArriving(); got != 2 {
		t.Errorf("%d bodies are arriving, want the newer two", got)
	}
	for _, s := range waiting[2:] {
		if _, err := io.WriteString(s.conn, quantity+strings.Repeat(" ", 88_000-len(quantity))); err != nil {
			t.Error(err)
		}
	}
	if first, second := <-waiting[2].answer, <-waiting[3].answer; first != http.StatusServiceUnavailable || second != http.StatusServiceUnavailable {
		t.Errorf("two bodies that the room has no place for are answered %d and %d", first, second)
	}
}

func TestACompleteBodyIsNeverDropped(t *testing.T) {
	t.Parallel()
	limiter := admission.New(1)
	place, err := limiter.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	router, e := serveRoom(t, 2*(len(quantity)+1), limiter)
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() { e.putItem(t, strings.NewReader(quantity)).mustPass(t) })
	}
	until(t, "both wait for a place", func() bool { return router.freeRoom() == 0 && router.bodiesArriving() == 0 })
	var untouched unread
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v1/carts/x/items/y", &untouched)
	r.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	Wrap(router, slog.New(slog.DiscardHandler), noRequestLog()).ServeHTTP(recorder, r)
	refused := readReply(t, recorder.Code, recorder.Header(), recorder.Body.Bytes())
	if refused.mustBe(t, http.StatusServiceUnavailable, "unavailable", ""); refused.header.Get("Retry-After") == "" {
		t.Error("the refusal has no Retry-After")
	}
	if untouched {
		t.Error("it was read before it was refused")
	}
	place.Leave()
	waiting.Wait()
}

// unread is a body that records whether it was read.
type unread bool

func (u *unread) Read([]byte) (int, error) {
	*u = true
	return 0, io.EOF
}

func TestAWaitingBodyTakesNoMoreMemoryThanItsContent(t *testing.T) {
	t.Parallel()
	limiter := admission.New(1)
	place, err := limiter.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	router, e := serveRoom(t, 4<<20, limiter)
	var waiting sync.WaitGroup
	for range 4 {
		waiting.Go(func() {
			e.putItem(t, strings.NewReader(strings.Repeat(" ", 1<<19)+quantity+strings.Repeat("\n", 1<<18))).mustPass(t)
		})
	}
	until(t, "all wait", func() bool {
		return router.bodiesArriving() == 0 && router.freeRoom() > 4<<20-100 && router.freeRoom() < 4<<20-40
	})
	place.Leave()
	waiting.Wait()
}

func TestBodyMemoryIsReturnedAfterEveryRequest(t *testing.T) {
	t.Parallel()
	// serveRoom checks at the end that all memory was returned.
	router, e := serveRoom(t, 4<<20, nil)
	for _, body := range []string{"", "{", quantity, `{"quantity": "x"}`, strings.Repeat(" ", 1<<20) + quantity, strings.Repeat(quantity, 10_000)} {
		e.putItem(t, strings.NewReader(body))
		e.putItem(t, io.MultiReader(strings.NewReader(body))) // in chunks
	}
	e.send(t, request{method: "POST", path: "/v1/webhooks/payments/stripe", body: bytes.NewReader(make([]byte, 200_000))}).mustPass(t)
	left := e.sendSlowly(t, 1000, 10)
	until(t, "it arrives", func() bool { return router.bodiesArriving() == 1 })
	_ = left.conn.Close()
	until(t, "it has left", func() bool { return router.bodiesArriving() == 0 })
}

// Not parallel, because it measures the memory of the process.
func TestSlowBodiesTakeLittleMemory(t *testing.T) {
	router, e := serveRoom(t, roomForBodies, nil)
	before := inUse()
	const bodies, sent = 1200, 200_000
	all := make([]*slow, bodies)
	for i := range all {
		all[i] = e.sendSlowly(t, 1<<20, 0)
	}
	var senders sync.WaitGroup
	for _, s := range all {
		senders.Go(func() {
			for range sent / 1000 {
				if _, err := io.WriteString(s.conn, strings.Repeat(" ", 1000)); err != nil {
					return
				}
			}
		})
	}
	senders.Wait()
	until(t, "what there is no room for was refused", func() bool { return router.bodiesArriving() <= roomForBodies/(100<<10) })
	// A shopper's request is answered meanwhile, and not only when the slow bodies are given up.
	start := time.Now()
	e.putItem(t, strings.NewReader(quantity)).mustPass(t)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a shopper waits for %v", took)
	}
	if grown := inUse() - before; grown > 64<<20 {
		t.Errorf("%d slow bodies take %d MiB", bodies, grown>>20)
	} else {
		t.Logf("%d slow bodies take %d MiB, both ends of their connections included", bodies, grown>>20)
	}
	refused := 0
	for _, s := range all {
		_ = s.conn.Close()
		if <-s.answer == http.StatusServiceUnavailable {
			refused++
		}
	}
	if refused < bodies/2 {
		t.Errorf("only %d were refused", refused)
	}
	until(t, "all have left", func() bool { return router.bodiesArriving() == 0 })
}

// inUse returns the live memory in the process's heap and stacks.
func inUse() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapInuse + stats.StackInuse)
}

package edge

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/test/bufconn"
)

func TestASlowBodyTimesOutWithItsOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logger := slog.New(slog.DiscardHandler)
		router, err := NewRouter(nil, Options{Logger: logger}, pass)
		if err != nil {
			t.Fatal(err)
		}
		listener := bufconn.Listen(1 << 20)
		server := &http.Server{Handler: Wrap(router, logger, noRequestLog()), ReadTimeout: time.Minute}
		go func() { _ = server.Serve(listener) }()
		defer func() { _ = server.Close() }()
		conn, err := listener.DialContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var client sync.WaitGroup
		client.Go(func() { drip(conn) })
		defer func() { _ = conn.Close(); client.Wait() }()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		want := router.operations["POST /v1/sessions"].Timeout
		if took := time.Since(start); resp.StatusCode != http.StatusBadRequest || took != want {
			t.Errorf("answered %d after %v, want 400 after %v", resp.StatusCode, took, want)
		}
	})
}

// drip sends a body byte by byte, one a second, as long as the server accepts it.
func drip(conn net.Conn) {
	_, err := io.WriteString(conn, "POST /v1/sessions HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
	for err == nil {
		time.Sleep(time.Second)
		_, err = io.WriteString(conn, " ")
	}
}

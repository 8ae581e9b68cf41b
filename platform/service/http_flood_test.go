package service

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// The tests in this file measure memory and time. They do not run in parallel, so that they measure only themselves.

// mostAt99 is the limit of the 99th percentile of latency during a flood. Requests that had to wait until the flood is over
// would take many seconds.
func mostAt99(quiet time.Duration) time.Duration { return max(time.Second, 10*quiet) }

// slow opens a connection, sends the beginning of a request and then nothing more.
func slow(t *testing.T, s *httpServer, from, text string) net.Conn {
	t.Helper()
	conn, err := dialerFrom(from).DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// read answers a request after reading its body.
func read(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

func TestAThousandSlowConnectionsDoNotDelayOthers(t *testing.T) {
	s := serveWith(t, HTTPConfig{}, read)
	other := clientFrom(t, "127.0.0.2")
	quiet := p99(t, other, "http://"+s.addr, 500)
	memory, goroutines := inUse()
	var headers []net.Conn
	for range 500 {
		headers = append(headers, slow(t, s, "127.0.0.1", "GET / HTTP/1.1\r\nHost: shop\r\nX-Slow: "))
		slow(t, s, "127.0.0.1", "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\n{")
	}
	start := time.Now()
	beside := p99(t, other, "http://"+s.addr, 500)
	same := p99(t, clientFrom(t, "127.0.0.1"), "http://"+s.addr, 100)
	moreMemory, moreGoroutines := inUse()
	t.Logf("measured: beside 1,000 slow connections p99 is %v (quiet %v, from their own address %v), with %d KiB and %d goroutines more",
		beside, quiet, same, (moreMemory-memory)>>10, moreGoroutines-goroutines)
	if beside > mostAt99(quiet) || moreMemory-memory > 64<<20 || moreGoroutines-goroutines > 2500 {
		t.Error("the flood costs too much time, memory or goroutines")
	}
	// A client that does not finish its header is disconnected.
	for _, conn := range headers {
		_ = conn.SetReadDeadline(start.Add(20 * time.Second))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			t.Fatal("a connection without a whole header is still open after 20 seconds")
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// attack opens streams and resets them at once, until the server closes the connection or all are sent. It returns the number
// of streams.
func attack(t *testing.T, s *httpServer, streams int) int {
	t.Helper()
	dialer := &tls.Dialer{NetDialer: dialerFrom("127.0.0.1"), Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http2.NextProtoTLS}}}
	conn, err := dialer.DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go func() { _, _ = io.Copy(io.Discard, conn) }() // the server must not block on writing to us
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, nil)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	var header bytes.Buffer
	encoder := hpack.NewEncoder(&header)
	for i := range streams {
		header.Reset()
		for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":path", "/slow"}, {":authority", "shop"}} {
			_ = encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
		}
		id := uint32(2*i + 1)
		err := framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: header.Bytes(), EndStream: true, EndHeaders: true})
		if err == nil {
			err = framer.WriteRSTStream(id, http2.ErrCodeCancel)
		}
		if err != nil {
			return i
		}
	}
	return streams
}

func TestRapidResetsDoNotDelayOthers(t *testing.T) {
	s := serveWith(t, newFiles(t).config(), func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			// A backend does not notice a canceled request at once.
			<-time.After(20 * time.Millisecond)
		}
	})
	other := clientFrom(t, "127.0.0.2")
	quiet := p99(t, other, "https://"+s.addr, 500)
	memory, goroutines := inUse()
	var done sync.WaitGroup
	var over atomic.Bool
	connections, sent := 0, 0
	done.Go(func() {
		for ; sent < 30_000 || !over.Load(); connections++ {
			sent += attack(t, s, 30_000)
		}
	})
	beside := p99(t, other, "https://"+s.addr, 500)
	moreMemory, moreGoroutines := inUse()
	over.Store(true)
	done.Wait()
	t.Logf("measured: beside %d rapid resets on %d connections p99 is %v (quiet %v), with %d KiB and %d goroutines more",
		sent, connections, beside, quiet, (moreMemory-memory)>>10, moreGoroutines-goroutines)
	if beside > mostAt99(quiet) || moreMemory-memory > 64<<20 || moreGoroutines-goroutines > 2500 {
		t.Error("the attack costs too much time, memory or goroutines")
	}
	until(t, "the requests that nobody waits for are over", func() bool {
		_, left := inUse()
		return left <= goroutines+10
	})
}

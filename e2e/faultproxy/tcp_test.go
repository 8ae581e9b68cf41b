package faultproxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo starts a server that says what it is told, and returns a proxy of it.
func echo(t *testing.T) *TCP {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", serviceHost+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	p, err := NewTCP(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// talk is a connection through a proxy.
type talk struct {
	net.Conn
	heard *bufio.Reader
}

func dial(t *testing.T, p *TCP) *talk {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &talk{conn, bufio.NewReader(conn)}
}

// say says a line of text and returns what comes back within the time, even if that is not all.
func (c *talk) say(t *testing.T, within time.Duration) (string, error) {
	t.Helper()
	if _, err := c.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	return c.hear(t, within)
}

func (c *talk) hear(t *testing.T, within time.Duration) (string, error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	return c.heard.ReadString('\n')
}

const patience = 10 * time.Second

func mustPass(t *testing.T, c *talk) {
	t.Helper()
	if got, err := c.say(t, patience); got != "hello\n" {
		t.Errorf("heard %q, %v", got, err)
	}
}

func TestASlowProxyKeepsWhatTheServerSays(t *testing.T) {
	t.Parallel()
	p := echo(t)
	c := dial(t, p)
	mustPass(t, c)
	if err := p.Slow(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.say(t, 200*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v; want nothing", got, err)
	}
	if err := p.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := c.hear(t, patience); got != "hello\n" {
		t.Errorf("reset: heard %q, %v", got, err)
	}
	mustPass(t, dial(t, p))
}

func TestACutAnswerEndsInTheMidst(t *testing.T) {
	t.Parallel()
	p := echo(t)
	old := dial(t, p)
	mustPass(t, old)
	if err := p.Cut(); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]*talk{"an old connection": old, "a new one": dial(t, p)} {
		if got, err := c.say(t, patience); got != "hel" || !errors.Is(err, io.EOF) {
			t.Errorf("%s: heard %q, %v; want part of it", what, got, err)
		}
	}
	if err := p.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustPass(t, dial(t, p))
}

func TestAClosedProxyRefuses(t *testing.T) {
	t.Parallel()
	p := echo(t)
	old := dial(t, p)
	mustPass(t, old)
	p.Close()
	if got, err := old.hear(t, patience); err == nil {
		t.Errorf("closed: heard %q", got)
	}
	if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.Addr()); err == nil {
		t.Error("a closed proxy takes connections")
	}
	if err := p.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustPass(t, dial(t, p))
}

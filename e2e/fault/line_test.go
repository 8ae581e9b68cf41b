package fault

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo starts a server that says what it is told, and returns a line to it.
func echo(t *testing.T) *Line {
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
	l, err := NewLine(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// talk is a connection over a line.
type talk struct {
	net.Conn
	heard *bufio.Reader
}

func dial(t *testing.T, l *Line) *talk {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr())
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

func TestASlowLineKeepsWhatTheServerSays(t *testing.T) {
	t.Parallel()
	l := echo(t)
	c := dial(t, l)
	mustPass(t, c)
	if err := l.Slow(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.say(t, 200*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v; want nothing", got, err)
	}
	if err := l.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := c.hear(t, patience); got != "hello\n" {
		t.Errorf("mended: heard %q, %v", got, err)
	}
	mustPass(t, dial(t, l))
}

func TestACutLineEndsInTheMidst(t *testing.T) {
	t.Parallel()
	l := echo(t)
	old := dial(t, l)
	mustPass(t, old)
	if err := l.Cut(); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]*talk{"an old connection": old, "a new one": dial(t, l)} {
		if got, err := c.say(t, patience); got != "hel" || !errors.Is(err, io.EOF) {
			t.Errorf("%s: heard %q, %v; want part of it", what, got, err)
		}
	}
	if err := l.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustPass(t, dial(t, l))
}

func TestAClosedLineRefuses(t *testing.T) {
	t.Parallel()
	l := echo(t)
	old := dial(t, l)
	mustPass(t, old)
	l.Close()
	if got, err := old.hear(t, patience); err == nil {
		t.Errorf("closed: heard %q", got)
	}
	if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr()); err == nil {
		t.Error("a closed line takes connections")
	}
	if err := l.Mend(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustPass(t, dial(t, l))
}

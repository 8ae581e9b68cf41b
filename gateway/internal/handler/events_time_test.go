package handler_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"souk/gateway/internal/handler"
)

// bubble runs the gateway in a synctest bubble with a fake of orders only. Its server has the timeouts of platform/service, and
// connections buffer as many bytes as buffer says.
func bubble(t *testing.T, l *timeline, buffer int) *shop {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{private: private, url: "http://shop", patience: 24 * time.Hour}
	logger := slog.New(slog.DiscardHandler)
	h := handler.New(handler.Services{Orders: l}, handler.Options{Currency: "GBP", Logger: logger})
	s.server = &http.Server{
		Handler: s.wrap(t, h, logger), ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	connections := bufconn.Listen(buffer)
	go func() { _ = s.server.Serve(connections) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return connections.DialContext(ctx) }}
	s.client = &http.Client{Transport: held(t, transport)}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = s.server.Close()
	})
	return s
}

// quiet reads comments for at least this long, and checks that the stream is never silent for more than 15 seconds.
func (l *listener) quiet(t *testing.T, long time.Duration) {
	t.Helper()
	for start, last := time.Now(), time.Now(); time.Since(start) < long; last = time.Now() {
		l.mustSay(t, ": keep-alive")
		if gap := time.Since(last); gap > 15*time.Second {
			t.Errorf("silent for %v", gap)
		}
	}
}

func TestAQuietStreamIsKeptAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newTimeline(confirmed, "placed")
		c := bubble(t, l, 1<<20).listen(t)
		c.mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"))
		c.quiet(t, 10*time.Minute)
		// One call for each comment, and one for the first event.
		if asked := len(l.questions()); asked > 63 {
			t.Errorf("orders was asked %d times", asked)
		}
		start := time.Now()
		l.add(cancelled, "cancelled")
		c.mustSay(t, eventText(2, "cancelled", "cancelled"))
		if late := time.Since(start); late != 0 {
			t.Errorf("the event came %v late", late)
		}
	})
}

func TestAStreamContinuesAfterAnOutageOfOrders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err error
		// asked is the maximum number of calls to orders in two minutes.
		asked int
	}{
		"away":   {status.Error(codes.Unavailable, "away"), 50},
		"broken": {status.Error(codes.Internal, "bug"), 50},
		"hangs":  {errHangs, 20},
		"stops":  {errStops, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newTimeline(confirmed, "placed")
				c := bubble(t, l, 1<<20).listen(t)
				c.mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"))
				synctest.Wait()
				l.fail(test.err)
				before := len(l.questions())
				c.quiet(t, 2*time.Minute)
				if asked := len(l.questions()) - before; asked < 5 || asked > test.asked {
					t.Errorf("orders was asked %d times in two minutes", asked)
				}
				start := time.Now()
				l.fail(nil)
				l.add(confirmed, "confirmed")
				said := ": keep-alive"
				for said == ": keep-alive" {
					var err error
					if said, err = c.next(); err != nil {
						t.Fatal(err)
					}
				}
				if late := time.Since(start); said != eventText(2, "confirmed", "confirmed") || late > 10*time.Second {
					t.Errorf("after %v the stream says %q", late, said)
				}
				c.quiet(t, time.Minute)
			})
		})
	}
}

func TestAStreamEndsWhenItsTokenExpires(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"all is well": nil, "orders is away": status.Error(codes.Unavailable, "away"), "orders hangs": errHangs} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newTimeline(confirmed, "placed")
				s := bubble(t, l, 1<<20)
				const life = 15*time.Minute - 7*time.Second
				start := time.Now()
				token := "Bearer " + s.tokenUntil(t, customer, start.Add(life))
				c := s.listen(t, "Authorization", token)
				c.mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"))
				l.fail(err)
				if rest, err := io.ReadAll(c.lines); err != nil || strings.Trim(string(rest), ": kep-aliv\n") != "" {
					t.Errorf("the rest is %q (%v)", rest, err)
				}
				if lived := time.Since(start); lived != life {
					t.Errorf("it lived %v, its token %v", lived, life)
				}
				// A token that expired seconds ago is still accepted because clocks may differ, but not for a new stream.
				s.send(t, guest, "GET", "/v1/orders/o1/events", nil, "Authorization", token).refused(t, 401, "unauthenticated")
			})
		})
	}
}

func TestAStreamEndsIfOrdersRefusesTheCall(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.Unauthenticated, codes.NotFound, codes.PermissionDenied} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newTimeline(confirmed, "placed")
				c := bubble(t, l, 1<<20).listen(t)
				c.mustSay(t, "retry: 2000", eventText(1, "placed", "confirmed"))
				l.fail(status.Error(code, "no more"))
				if got, err := c.next(); !errors.Is(err, io.EOF) {
					t.Errorf("the stream says %q (%v)", got, err)
				}
			})
		})
	}
}

func TestTheStreamOfAClientThatDoesNotReadIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		// More than the buffers of the connection and the client can take.
		c := bubble(t, newTimeline(confirmed, strings.Split(strings.Repeat("event ", 1000), " ")...), 4<<10).listen(t)
		time.Sleep(11 * time.Second)
		rest, err := io.ReadAll(c.lines)
		if err == nil || len(rest) == 0 || time.Since(start) > 12*time.Second {
			t.Errorf("after %v it has %d bytes (%v)", time.Since(start), len(rest), err)
		}
	})
}

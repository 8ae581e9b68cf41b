package lastgood_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"souk/gateway/internal/lastgood"
	"souk/platform/access"
	"souk/platform/rpc"
)

func TestRequestsWithTheSameQuestionShareACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		o.does(func(context.Context) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		var asking sync.WaitGroup
		for range 100 {
			asking.Go(func() { mustShow(t, c, "mug", "Mug", false) })
			asking.Go(func() { mustShow(t, c, "cup", "Cup", false) })
		}
		asking.Wait()
		if o.called() != 2 {
			t.Errorf("two questions of 200 callers took %d calls", o.called())
		}
		mustShow(t, c, "mug", "Mug", false)
		if o.called() != 3 {
			t.Error("a later request made no call")
		}
	})
}

func TestACallIsCanceledWithItsLastRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		ended := false
		o.does(func(ctx context.Context) error {
			<-ctx.Done()
			ended = true
			return status.FromContextError(ctx.Err()).Err()
		})
		first, leave := context.WithCancel(t.Context())
		second, leaveToo := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		for _, ctx := range []context.Context{first, second} {
			asking.Go(func() {
				if got := show(ctx, c, "mug"); status.Code(got.err) != codes.Canceled {
					t.Errorf("the canceled request got %+v", got)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		if ended {
			t.Error("the first canceled request canceled the call for the other")
		}
		leaveToo()
		asking.Wait()
		synctest.Wait()
		if !ended || o.called() != 1 {
			t.Errorf("ended %v, %d calls", ended, o.called())
		}
		o.fails(nil)
		mustShow(t, c, "mug", "Mug", false)
	})
}

func TestALateCallIsNotJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		mustShow(t, c, "mug", "Mug", false)
		o.hangs()
		mustShow(t, c, "mug", "Mug", true)
		o.fails(nil)
		time.Sleep(time.Millisecond)
		again := time.Now()
		mustShow(t, c, "mug", "Mug", false)
		if took := time.Since(again); took != 0 || o.called() != 3 {
			t.Errorf("the next request took %v; %d calls, want 3", took, o.called())
		}
		time.Sleep(5 * time.Second) // until the late call ends
	})
}

func TestTheAnswerOfALateCallIsCachedUnlessThereIsANewerOne(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		meanwhile func(t *testing.T, o *owner, c *lastgood.Catalog)
		want      string
	}{
		"nothing newer": {func(*testing.T, *owner, *lastgood.Catalog) {}, "New"},
		"newer": {func(t *testing.T, o *owner, c *lastgood.Catalog) {
			o.fails(nil)
			o.set("cup", "Newer")
			mustShow(t, c, "cup", "Newer", false)
		}, "Newer"},
		"changed": {func(t *testing.T, _ *owner, c *lastgood.Catalog) { update(t, c, "cup", "Changed") }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOwner()
				c := remember(o)
				mustShow(t, c, "cup", "Cup", false)
				o.set("cup", "New")
				o.does(func(context.Context) error {
					time.Sleep(3 * time.Second)
					return nil
				})
				mustShow(t, c, "cup", "Cup", true)
				time.Sleep(time.Millisecond)
				test.meanwhile(t, o, c)
				time.Sleep(3 * time.Second)
				o.fails(away)
				if got := show(t.Context(), c, "cup"); got.title != test.want {
					t.Errorf("then %q is shown, want %q", got.title, test.want)
				}
			})
		})
	}
}

func TestASharedCallHasNoTokenAndItsOwnDeadline(t *testing.T) {
	t.Parallel()
	o := newOwner()
	c := remember(o)
	o.does(func(ctx context.Context) error {
		sent, _ := metadata.FromOutgoingContext(access.Outgoing(ctx))
		deadline, _ := ctx.Deadline()
		if left := time.Until(deadline); len(sent.Get("authorization")) != 0 || rpc.RequestID(ctx) != "req-1" || left > 5*time.Second || left < time.Second {
			t.Errorf("sent %v for request %q with %v left", sent, rpc.RequestID(ctx), left)
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(access.WithToken(rpc.WithRequestID(t.Context(), "req-1"), "token"), time.Minute)
	defer cancel()
	if got := show(ctx, c, "mug"); got.err != nil {
		t.Error(got.err)
	}
}

func TestFewCallsContinueWithoutRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		c := remember(o)
		for i := range 200 {
			o.set(strconv.Itoa(i), "Product")
			mustShow(t, c, strconv.Itoa(i), "Product", false)
		}
		var going atomic.Int64
		o.does(func(ctx context.Context) error {
			going.Add(1)
			defer going.Add(-1)
			<-ctx.Done()
			return status.FromContextError(ctx.Err()).Err()
		})
		showAll := func() {
			var asking sync.WaitGroup
			for i := range 200 {
				asking.Go(func() { mustShow(t, c, strconv.Itoa(i), "Product", true) })
			}
			asking.Wait()
			synctest.Wait()
		}
		for range 2 {
			for range 2 { // the second requests join the calls that continue
				showAll()
				if n := going.Load(); n != 64 {
					t.Errorf("%d calls go on, want 64", n)
				}
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if n := going.Load(); n != 0 {
				t.Errorf("%d calls go on after their time", n)
			}
		}
	})
}

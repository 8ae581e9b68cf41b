package lastgood

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"souk/gateway/internal/feed"
	"souk/platform/access"
)

const (
	// callTime is the timeout of a call, independent of the requests that wait for it.
	callTime = 5 * time.Second
	// maxAlone is the number of calls that may continue after all their requests have left, so that the cache is refreshed even
	// if catalog is slow.
	maxAlone = 64
)

// flight is a call under way, shared by all requests with the same question. It does more than x/sync/singleflight, whose calls
// cannot be canceled when the last caller leaves.
type flight struct {
	cancel context.CancelFunc
	began  time.Time
	moment feed.Moment
	// The value of flights.changes when the flight began.
	changes int
	// Guarded by the lock of flights.
	waiting     int
	alone, over bool
	newer       *flight // replaced this flight because it is late; or nil

	landed chan struct{}
	// Set before landed is closed. Shared, so it must not be modified.
	answer proto.Message
	err    error
}

// flights are the calls under way that requests may join, by their question.
type flights struct {
	mu    sync.Mutex
	under map[key]*flight
	alone int
	// changes counts the calls of end.
	changes int
}

// ask makes a call. The returned function keep caches the answer; it is called only if no change came in between.
type ask func(ctx context.Context) (answer proto.Message, keep func(), err error)

// join returns the flight for question k. The caller waits for it or leaves it. If there is none, join starts one, without the
// deadline and the token of ctx, because other requests may join it too. A late flight is not joined, because its instance may
// hang, and another call may reach another instance. A flight that began before the last change reported by catalog is not
// joined either.
func (fs *flights) join(ctx context.Context, k key, moment feed.Moment, call ask) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f, ok := fs.under[k]
	if !ok || time.Since(f.began) > patience || f.moment != moment {
		late := f
		f = &flight{landed: make(chan struct{}), began: time.Now(), moment: moment, changes: fs.changes}
		if late != nil {
			late.newer = f
		}
		ctx, f.cancel = context.WithTimeout(access.WithoutToken(context.WithoutCancel(ctx)), callTime)
		fs.under[k] = f
		go fs.fly(ctx, k, f, call)
	}
	f.waiting++
	if f.alone {
		f.alone = false
		fs.alone--
	}
	return f
}

func (fs *flights) fly(ctx context.Context, k key, f *flight, call ask) {
	defer f.cancel()
	var keep func()
	f.answer, keep, f.err = call(ctx)
	fs.land(k, f, keep)
	close(f.landed)
}

// land caches the answer of a flight. It does not if the flight was ended, because the answer may be older than the change that
// ended it, or if a newer flight has landed already.
func (fs *flights) land(k key, f *flight, keep func()) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.over = true
	if f.alone {
		fs.alone--
	}
	if fs.under[k] == f {
		delete(fs.under, k)
	}
	if f.changes == fs.changes && (f.newer == nil || !f.newer.over) {
		keep()
	}
}

// leave says that a request no longer waits for f. When the last one leaves, the call is canceled or, if allowed, continues
// alone.
func (fs *flights) leave(k key, f *flight, mayGoOn bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.waiting--; f.waiting > 0 || f.over {
		return
	}
	if mayGoOn && f.changes == fs.changes && fs.alone < maxAlone {
		f.alone = true
		fs.alone++
		return
	}
	f.cancel()
	if fs.under[k] == f {
		delete(fs.under, k)
	}
}

// end prevents requests from joining the flights under way. Requests that already wait still get the answer.
func (fs *flights) end() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	clear(fs.under)
	fs.changes++
}

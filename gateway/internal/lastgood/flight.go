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
	// callTime is how long a call may take, whoever waits for it.
	callTime = 5 * time.Second
	// maxAlone is how many calls may go on that nobody waits for, so that a slow owner still renews what is kept.
	maxAlone = 64
)

// flight is a call under way, for all who ask the same. It is more than x/sync/singleflight has, whose calls cannot end
// when the last caller leaves.
type flight struct {
	cancel context.CancelFunc
	began  time.Time
	moment feed.Moment
	// How many changes there had been when it began.
	changes int
	// Guarded by the lock of flights.
	waiting     int
	alone, over bool
	newer       *flight // that took its place because it is late; or nil

	landed chan struct{}
	// Not before it has landed; shared, so nobody changes it.
	answer proto.Message
	err    error
}

// flights are the calls that may be joined, by what they ask.
type flights struct {
	mu    sync.Mutex
	under map[key]*flight
	alone int
	// changes is how often all flights were ended.
	changes int
}

// ask makes a call. What it returns is run once it is certain that no change has come in between.
type ask func(ctx context.Context) (answer proto.Message, keep func(), err error)

// join returns the flight that asks k, which the caller waits for or leaves. If there is none it begins one, without the
// deadline and the token of ctx: it is for others, too. One that is late may be stuck with an instance that answers nobody,
// so nobody more is to wait for it: another call may reach another instance. And nobody is to wait for one that began before the
// last change that catalog told.
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

// land keeps the answer of a flight, unless it was ended, when it may be older than what the ending was for, or there is a
// newer one.
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

// leave says that a caller no longer waits for f. With nobody left the call ends or, when it may, goes on alone.
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

// end has nobody join the flights that are under way. Those who wait for one still get its answer.
func (fs *flights) end() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	clear(fs.under)
	fs.changes++
}

package admission

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// ErrOverloaded is returned for work that would exceed the limit.
var ErrOverloaded = errors.New("there is more to do than can be done in time")

// Limiter limits concurrent work to a number of places. A nil *Limiter has no limit.
type Limiter struct {
	// places is the number of all places, most the number that each class may take.
	places, most int

	mu     sync.Mutex
	taken  [classes]int
	queues [classes]queue
}

// New returns a limiter with this number of places, or nil for 0. Browsing may not take the last quarter of them, which is
// reserved for Checkout. Checkout may not take the last quarter either, because a slow bank can hold up many checkouts at once.
// Of the other free places, Checkout gets the first. For each place, two pieces of Browsing may wait for up to a second, and 32
// of Checkout for up to ten seconds. Once a queue has not been empty for that long, only a quarter as many may wait as there
// are places.
func New(places uint16) *Limiter {
	if places == 0 {
		return nil
	}
	n := int(places)
	l := &Limiter{places: n, most: n - n/4}
	for class := range l.queues {
		l.queues[class].bounds = queues[class]
	}
	return l
}

// Full reports whether work of a class would be refused at once. A caller can ask before it does anything for a request.
func (l *Limiter) Full(class Class) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.full(class)
}

func (l *Limiter) full(class Class) bool {
	return !l.free(class) && l.queues[class].full(l.places)
}

func (l *Limiter) free(class Class) bool {
	return l.taken[Browsing]+l.taken[Checkout] < l.places && l.taken[class] < l.most
}

// Enter takes a place for ctx's work, according to its class. The caller must leave the place. Enter waits if no place is free.
// It returns ErrOverloaded if the queue is full or the wait takes too long, and ctx's error if ctx ends first.
func (l *Limiter) Enter(ctx context.Context) (*Place, error) {
	if l == nil {
		return nil, nil
	}
	class := ClassOf(ctx)
	if err := l.enter(ctx, class); err != nil {
		if errors.Is(err, ErrOverloaded) {
			Refused(class)
		}
		return nil, err
	}
	running[class].Inc()
	return &Place{limiter: l, class: class}, nil
}

func (l *Limiter) enter(ctx context.Context, class Class) error {
	l.mu.Lock()
	if l.free(class) {
		l.taken[class]++
		l.mu.Unlock()
		return nil
	}
	if l.full(class) {
		l.mu.Unlock()
		return ErrOverloaded
	}
	queued[class].Inc()
	defer queued[class].Dec()
	waiting := l.queues[class].join()
	l.mu.Unlock()
	return l.wait(ctx, class, waiting)
}

// wait waits for the turn of an element of the queue.
func (l *Limiter) wait(ctx context.Context, class Class, waiting *list.Element) error {
	turn := waiting.Value.(chan struct{})
	timer := time.NewTimer(l.queues[class].longest)
	defer timer.Stop()
	var err error
	select {
	case <-turn:
		return nil
	case <-timer.C:
		err = ErrOverloaded
	case <-ctx.Done():
		err = ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-turn: // the turn came at the last moment
		return nil
	default:
		l.queues[class].leave(waiting)
		return err
	}
}

// leave frees a place and gives it to the next in the queues, Checkout first.
func (l *Limiter) leave(left Class) {
	running[left].Dec()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[left]--
	for _, class := range []Class{Checkout, Browsing} {
		if !l.queues[class].empty() && l.free(class) {
			l.taken[class]++
			l.queues[class].call()
			return
		}
	}
}

// Place is permission to do one piece of work.
type Place struct {
	limiter *Limiter
	class   Class
	left    sync.Once
}

// Leave gives the place back. Only the first call has an effect.
func (p *Place) Leave() {
	if p != nil {
		p.left.Do(func() { p.limiter.leave(p.class) })
	}
}

type placeKey struct{}

// WithPlace returns ctx for the work done at p.
func WithPlace(ctx context.Context, p *Place) context.Context {
	return context.WithValue(ctx, placeKey{}, p)
}

// Yield gives back the place of ctx's work. Call it in a long poll before it waits, because work that only waits needs no place.
func Yield(ctx context.Context) {
	p, _ := ctx.Value(placeKey{}).(*Place)
	p.Leave()
}

package admission

import (
	"container/list"
	"context"
	"errors"
	"expvar"
	"sync"
	"time"
)

// ErrOverloaded is returned for work that there is no place for.
var ErrOverloaded = errors.New("there is more to do than can be done in time")

// Of this process: admitted, refused.browsing and refused.checkout.
var counts = expvar.NewMap("admission")

// Limiter has places for work. A nil *Limiter has one for everything.
type Limiter struct {
	// Of all places each class may take most.
	places, most int

	mu     sync.Mutex
	taken  [classes]int
	queues [classes]queue
}

// New returns a limiter with so many places, or nil for 0. Browsing leaves a quarter of them to Checkout and Checkout, which a
// slow bank may hold up, a quarter to Browsing; what else is free is Checkout's first. For each place two of Browsing may wait for
// a second, and 32 of Checkout for ten; of those that have been too many for as long, a fourth.
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

// Full reports whether work of a class would be refused at once, for who can know that before doing anything for it.
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

// Enter takes a place for the work of ctx, by its class. The caller must leave it. It waits for a while when all are
// taken, and returns ErrOverloaded when too many wait already or the wait was in vain, and ctx's error when that ended first.
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
	counts.Add("admitted", 1)
	return &Place{limiter: l, class: class}, nil
}

// Refused counts work that was refused because its class was Full.
func Refused(class Class) { counts.Add("refused."+class.String(), 1) }

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
	waiting := l.queues[class].join()
	l.mu.Unlock()
	return l.wait(ctx, class, waiting)
}

// wait waits for the turn of one in the queue.
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
	case <-turn: // at the last moment
		return nil
	default:
		l.queues[class].leave(waiting)
		return err
	}
}

// leave gives a place to whoever's turn it is: Checkout comes first.
func (l *Limiter) leave(left Class) {
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

// Place is where one piece of work is done.
type Place struct {
	limiter *Limiter
	class   Class
	left    sync.Once
}

// Leave gives the place back, the first time it is called.
func (p *Place) Leave() {
	if p != nil {
		p.left.Do(func() { p.limiter.leave(p.class) })
	}
}

type placeKey struct{}

// WithPlace returns ctx as that of the work which is done at p.
func WithPlace(ctx context.Context, p *Place) context.Context {
	return context.WithValue(ctx, placeKey{}, p)
}

// Yield gives the place of ctx's work back, for what from now on mostly waits.
func Yield(ctx context.Context) {
	p, _ := ctx.Value(placeKey{}).(*Place)
	p.Leave()
}

package edge

import (
	"container/list"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// The most bytes of bodies in memory that belong to requests without a place. So many requests of a usual size wait at once
	// that there is room for what they say, and clients that send slowly, or much, cannot make it more.
	roomForBodies = 8 << 20
	// What a body takes of it to begin with, unless it says that it is shorter.
	firstBytes = 4 << 10
)

// errNoRoom is returned for a body that there is no room for.
var errNoRoom = errors.New("there is no room for the body")

// room is what the bodies of requests may take until their handlers have them. When it is full, the body that has been arriving
// for the longest time gives way to a newer one: that of an honest client arrives within milliseconds, and what is sent slowly, to
// fill the room, only pushes itself out. A body that has arrived, and waits for a place, never gives way.
type room struct {
	mu   sync.Mutex
	free int
	// arriving has a *body for each that its client still sends, the oldest first.
	arriving list.List
}

func newRoom(bytes int) *room { return &room{free: bytes} }

// body is the body of one request. It is an io.ReadCloser for the handler once it has arrived.
type body struct {
	room *room
	// interrupt ends the reading of a body that gives way.
	interrupt func()

	// Guarded by the room's mutex. The element is nil once the body is not arriving any more.
	held    int
	element *list.Element
	gaveWay bool

	content []byte
}

// read reads a request's body, of limit bytes at most. The caller must release it. The error is errNoRoom, a *http.MaxBytesError,
// or what the connection failed with.
func (rm *room) read(w http.ResponseWriter, r *http.Request, limit int) (*body, error) {
	if r.ContentLength > int64(limit) {
		return nil, &http.MaxBytesError{Limit: int64(limit)}
	}
	b := rm.enter(func() { _ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) })
	err := b.fill(http.MaxBytesReader(w, r.Body, int64(limit)), firstSize(r.ContentLength), limit+1)
	if !b.arrived() {
		err = errNoRoom
	}
	if err != nil {
		b.release()
		return nil, err
	}
	return b, nil
}

// firstSize returns how much a body takes at first: a byte more than it has, to see its end.
func firstSize(length int64) int {
	if length >= 0 {
		return int(min(length+1, firstBytes))
	}
	return firstBytes
}

// fill reads until the end, and takes room for so many bytes at first, and for twice as many whenever they are full.
func (b *body) fill(from io.Reader, size, most int) error {
	for {
		if len(b.content) == cap(b.content) {
			if !b.take(size - cap(b.content)) {
				return errNoRoom
			}
			b.content = append(make([]byte, 0, size), b.content...)
			size = min(2*size, most)
		}
		n, err := from.Read(b.content[len(b.content):cap(b.content)])
		b.content = b.content[:len(b.content)+n]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (rm *room) enter(interrupt func()) *body {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	b := &body{room: rm, interrupt: interrupt}
	b.element = rm.arriving.PushBack(b)
	return b
}

// take takes so many bytes more for a body that is arriving. It reports whether there is room.
func (b *body) take(bytes int) bool {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	for !b.gaveWay && b.room.free < bytes {
		oldest := b.room.arriving.Front()
		if oldest == nil || oldest == b.element {
			return false
		}
		oldest.Value.(*body).giveWay()
	}
	if b.gaveWay {
		return false
	}
	b.room.free -= bytes
	b.held += bytes
	return true
}

// giveWay counts the bytes of a body as free at once: its reader wakes up and drops them.
func (b *body) giveWay() {
	b.gaveWay = true
	b.settle(0)
	b.leave()
	b.interrupt()
}

// settle leaves a body so many bytes of the room.
func (b *body) settle(bytes int) {
	b.room.free += b.held - bytes
	b.held = bytes
}

func (b *body) leave() {
	if b.element != nil {
		b.room.arriving.Remove(b.element)
		b.element = nil
	}
}

// arrived ends the arriving. It reports whether the body did not have to give way.
func (b *body) arrived() bool {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.leave()
	return !b.gaveWay
}

// keep has the body be another content, which is not longer.
func (b *body) keep(content []byte) {
	if 2*len(content) < b.held {
		content = append(make([]byte, 0, len(content)), content...)
	}
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.content = content
	b.settle(min(b.held, cap(content)))
}

// release gives back what the body takes, if it has not yet.
func (b *body) release() {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.leave()
	b.content = nil
	b.settle(0)
}

// Read implements io.Reader. When all was read, the body is the reader's.
func (b *body) Read(p []byte) (int, error) {
	n := copy(p, b.content)
	if b.content = b.content[n:]; len(b.content) > 0 {
		return n, nil
	}
	b.release()
	return n, io.EOF
}

// Close implements io.Closer.
func (b *body) Close() error { return nil }

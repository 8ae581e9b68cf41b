package edge

import (
	"bytes"
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
	// The bytes of a page, of which a body takes as many as it needs while it arrives.
	pageBytes = 4 << 10
)

// errNoRoom is returned for a body that there is no room for.
var errNoRoom = errors.New("there is no room for the body")

// room is what the bodies of requests may take until their handlers have them. When it is full, the body that has been arriving
// for the longest time gives way to a newer one: that of an honest client arrives within milliseconds, and what is sent slowly, to
// fill the room, only pushes itself out. A body that has arrived, and waits for a place, never gives way.
type room struct {
	bytes int

	mu   sync.Mutex
	free int
	// spare are pages to be used again: a flood of bodies that give way would otherwise leave its own size in garbage.
	spare [][]byte
	// arriving has a *body for each that its client still sends, the oldest first.
	arriving list.List
}

func newRoom(bytes int) *room { return &room{bytes: bytes, free: bytes} }

// body is the body of one request. It is an io.ReadCloser for the handler once it has arrived.
type body struct {
	room *room
	// interrupt ends the reading of a body that gives way.
	interrupt func()

	// Guarded by the room's mutex. The element is nil once the body is not arriving any more.
	held    int
	element *list.Element
	gaveWay bool

	// pieces are what has arrived, and content is all of it in the end.
	pieces  [][]byte
	content []byte
}

// read reads a request's body, of limit bytes at most. The caller must release it. The error is errNoRoom, a *http.MaxBytesError,
// or what the connection failed with.
func (rm *room) read(w http.ResponseWriter, r *http.Request, limit int) (*body, error) {
	if r.ContentLength > int64(limit) {
		return nil, &http.MaxBytesError{Limit: int64(limit)}
	}
	b := rm.enter(func() { _ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) })
	err := b.fill(http.MaxBytesReader(w, r.Body, int64(limit)), r.ContentLength)
	if !b.arrived() {
		err = errNoRoom
	}
	if err != nil {
		b.release()
		return nil, err
	}
	b.join()
	return b, nil
}

// fill reads until the end, a page at a time. Of a body that says it is shorter than a page, it reads a byte more, to see its end.
func (b *body) fill(from io.Reader, length int64) error {
	size := pageBytes
	if length >= 0 {
		size = int(min(length+1, pageBytes))
	}
	for {
		piece := b.take(size)
		if piece == nil {
			return errNoRoom
		}
		for len(piece) < size {
			n, err := from.Read(piece[len(piece):size])
			piece = piece[:len(piece)+n]
			if err != nil {
				b.pieces = append(b.pieces, piece)
				return onlyFailure(err)
			}
		}
		b.pieces, size = append(b.pieces, piece), pageBytes
	}
}

func onlyFailure(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// join makes one content of the pieces.
func (b *body) join() {
	content := bytes.Join(b.pieces, nil)
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.returnPages()
	b.content = content
	b.settle(cap(content))
}

// returnPages leaves the pages to other bodies. Only the body's own reader may do it, because it may still write to them.
func (b *body) returnPages() {
	for _, piece := range b.pieces {
		if cap(piece) == pageBytes && len(b.room.spare) < b.room.bytes/pageBytes {
			b.room.spare = append(b.room.spare, piece[:0])
		}
	}
	b.pieces = nil
}

func (rm *room) enter(interrupt func()) *body {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	b := &body{room: rm, interrupt: interrupt}
	b.element = rm.arriving.PushBack(b)
	return b
}

// take returns so many bytes more for a body that is arriving, nil if there is no room.
func (b *body) take(size int) []byte {
	rm := b.room
	rm.mu.Lock()
	defer rm.mu.Unlock()
	for !b.gaveWay && rm.free < size {
		oldest := rm.arriving.Front()
		if oldest == nil || oldest == b.element {
			return nil
		}
		oldest.Value.(*body).giveWay()
	}
	if b.gaveWay {
		return nil
	}
	rm.free -= size
	b.held += size
	if last := len(rm.spare) - 1; size == pageBytes && last >= 0 {
		page := rm.spare[last]
		rm.spare = rm.spare[:last]
		return page
	}
	return make([]byte, 0, size)
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
	b.returnPages()
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

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
	// The maximum memory for bodies of requests without a place, in bytes. It is enough for as many requests of usual size as
	// may wait at once. Clients that send slowly or send large bodies cannot exceed it.
	roomForBodies = 8 << 20
	// The size of a page. An arriving body takes as many pages as it needs.
	pageBytes = 4 << 10
)

// errNoRoom is returned for a body that does not fit into the room.
var errNoRoom = errors.New("there is no room for the body")

// room limits the memory of request bodies until their handlers have them. When it is full, the body that has been arriving for
// the longest time is dropped in favor of a newer one. Bodies of normal clients arrive within milliseconds, so an attacker who
// fills the room by sending slowly only displaces their own bodies. A body that has arrived completely and waits for a place is
// never dropped.
type room struct {
	bytes int

	mu   sync.Mutex
	free int
	// spare are pages for reuse, because a flood of dropped bodies would otherwise leave much garbage.
	spare [][]byte
	// arriving contains a *body for each body that is still being sent, the oldest first.
	arriving list.List
}

func newRoom(bytes int) *room { return &room{bytes: bytes, free: bytes} }

// body is the body of one request. Once it has arrived, the handler reads it as an io.ReadCloser.
type body struct {
	room *room
	// interrupt ends the reading of a body that was dropped.
	interrupt func()

	// Guarded by the room's mutex. element is nil once the body is no longer arriving.
	held    int
	element *list.Element
	gaveWay bool

	// pieces is the part that has arrived so far; content is the complete body.
	pieces  [][]byte
	content []byte
}

// read reads a request's body of at most limit bytes. The caller must release it. The error is errNoRoom, a
// *http.MaxBytesError, or an error of the connection.
func (rm *room) read(w http.ResponseWriter, r *http.Request, limit int) (*body, error) {
	if r.ContentLength > int64(limit) {
		return nil, &http.MaxBytesError{Limit: int64(limit)}
	}
	b := rm.enter(func() { _ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0)) })
	err := b.readPages(http.MaxBytesReader(w, r.Body, int64(limit)), r.ContentLength)
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

// readPages reads the body page by page until its end. For a body shorter than a page it allocates one byte more than the
// declared length, to see the end.
func (b *body) readPages(from io.Reader, length int64) error {
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

// join joins the pieces into content.
func (b *body) join() {
	content := bytes.Join(b.pieces, nil)
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.returnPages()
	b.content = content
	b.settle(cap(content))
}

// returnPages makes the pages available to other bodies. Only the goroutine that reads the body may call it, because it may
// still write to them.
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

// take returns size more bytes for an arriving body, or nil if there is no room.
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

// giveWay drops the body: its bytes count as free at once, and its reader is interrupted and releases them.
func (b *body) giveWay() {
	b.gaveWay = true
	b.settle(0)
	b.leave()
	b.interrupt()
}

// settle sets the number of bytes that the body takes from the room.
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

// arrived ends the arrival of the body. It reports whether the body was not dropped.
func (b *body) arrived() bool {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.leave()
	return !b.gaveWay
}

// keep replaces the content by another one that is not longer.
func (b *body) keep(content []byte) {
	if 2*len(content) < b.held {
		content = append(make([]byte, 0, len(content)), content...)
	}
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.content = content
	b.settle(min(b.held, cap(content)))
}

// release returns the body's memory to the room. Calling it twice is safe.
func (b *body) release() {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.leave()
	b.returnPages()
	b.content = nil
	b.settle(0)
}

// Read implements io.Reader. It releases the body at its end.
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

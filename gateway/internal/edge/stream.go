package edge

import (
	"context"
	"net/http"
	"sync"
	"time"

	"souk/gateway/internal/api"
	"souk/platform/access"
)

const (
	// Streams open at once, in all and of one customer. Each keeps a call to a service waiting.
	maxStreams     = 1000
	maxStreamsEach = 20
	// When one who has too many may come back, in seconds.
	streamRetryAfter = 5
	// How long a client may take to take what is written.
	streamWriteTimeout = 10 * time.Second
)

// streams are the answers that go on: each until its client leaves, its access token ends, or all of them do.
type streams struct {
	ended context.Context
	end   context.CancelFunc

	mu         sync.Mutex
	open       int
	byCustomer map[string]int
}

func newStreams() *streams {
	ended, end := context.WithCancel(context.Background())
	return &streams{ended: ended, end: end, byCustomer: map[string]int{}}
}

// serve has next answer a request that passed every check. An error means that it did not.
func (s *streams) serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) error {
	if r.Method == http.MethodHead {
		return methodNotAllowed(http.MethodGet) // its answer would never end
	}
	if s.ended.Err() != nil {
		return Unavailable("") // AfterFunc ends the stream only after it may have begun
	}
	caller := access.FromContext(r.Context())
	if !caller.ExpiresAt.After(time.Now()) {
		return unauthenticated("The access token is not valid.")
	}
	if !s.enter(caller.CustomerID) {
		return retryAfter(NewProblem(http.StatusTooManyRequests, api.ProblemCodeRateLimited, "Too many streams are open."), streamRetryAfter)
	}
	defer s.leave(caller.CustomerID)
	ctx, cancel := context.WithDeadline(r.Context(), caller.ExpiresAt)
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()
	writer := &streamWriter{ResponseWriter: w, control: http.NewResponseController(w)}
	next(writer, r.WithContext(ctx))
	writer.bound() // the server has the end of it still to write
	return nil
}

func (s *streams) enter(customer string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == maxStreams || s.byCustomer[customer] == maxStreamsEach {
		return false
	}
	s.open++
	s.byCustomer[customer]++
	return true
}

func (s *streams) leave(customer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.byCustomer[customer]--; s.byCustomer[customer] == 0 {
		delete(s.byCustomer, customer)
	}
}

// streamWriter gives each write a time of its own, in place of the server's for the whole answer.
type streamWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements http.ResponseWriter. It never fails: that a client left or does not read is no error of ours, and
// the server ends the request's context then.
func (w *streamWriter) Write(b []byte) (int, error) {
	w.bound()
	defer w.unbound()
	_, _ = w.ResponseWriter.Write(b)
	return len(b), nil
}

// Flush implements http.Flusher, which the generated code asks for.
func (w *streamWriter) Flush() {
	w.bound()
	defer w.unbound()
	_ = w.control.Flush()
}

func (w *streamWriter) bound() { _ = w.control.SetWriteDeadline(time.Now().Add(streamWriteTimeout)) }

// unbound takes the time of a write back once it is done: HTTP/2 would end the stream when it is over, whatever has been
// written since.
func (w *streamWriter) unbound() { _ = w.control.SetWriteDeadline(time.Time{}) }

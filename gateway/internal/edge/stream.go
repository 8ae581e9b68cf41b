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
	// The maximum number of open streams: of all customers, and of one. Each stream keeps a call to a service open.
	maxStreams     = 1000
	maxStreamsEach = 20
	// Retry-After for a refused stream, in seconds.
	streamRetryAfter = 5
	// How long a client may take to read one write.
	streamWriteTimeout = 10 * time.Second
)

// streams tracks the open event streams. A stream ends when its client leaves, its access token expires, or all streams are
// ended.
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

// serve runs next for a request that passed every check. It returns an error if the stream was refused.
func (s *streams) serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) error {
	if r.Method == http.MethodHead {
		return methodNotAllowed(http.MethodGet) // other methods would get an answer that never ends
	}
	if s.ended.Err() != nil {
		return Unavailable("") // because AfterFunc runs asynchronously, the stream would begin first
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
	writer.setWriteDeadline() // the server still has to write the end of the answer
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

// streamWriter sets a deadline for each write, in place of the server's deadline for the whole answer.
type streamWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements http.ResponseWriter. It never fails, because a client that leaves or does not read is not an error of the
// server. The server ends the request's context then.
func (w *streamWriter) Write(b []byte) (int, error) {
	w.setWriteDeadline()
	defer w.clearWriteDeadline()
	_, _ = w.ResponseWriter.Write(b)
	return len(b), nil
}

// Flush implements http.Flusher, which the generated code requires.
func (w *streamWriter) Flush() {
	w.setWriteDeadline()
	defer w.clearWriteDeadline()
	_ = w.control.Flush()
}

func (w *streamWriter) setWriteDeadline() {
	_ = w.control.SetWriteDeadline(time.Now().Add(streamWriteTimeout))
}

// clearWriteDeadline removes the deadline after a write, because HTTP/2 would otherwise end the stream at the deadline, even if nothing is
// being written.
func (w *streamWriter) clearWriteDeadline() { _ = w.control.SetWriteDeadline(time.Time{}) }

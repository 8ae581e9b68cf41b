package edge

import (
	"errors"
	"net/http"

	"souk/gateway/internal/policy"
	"souk/platform/admission"
	"souk/platform/rpc"
)

// The maximum number of password requests that are hashed or wait for that at customers. They have places of their own, so that
// they wait only for each other and leave the other places to other requests. The number is lower than the queue at customers,
// so that customers need not refuse any.
const passwordPlaces = 16

// limiterOf returns the limiter of an operation; nil if it has none. Streams have a limit of their own, because they mostly
// wait. Health checks have none, so that a busy gateway does not seem broken.
func (rt *Router) limiterOf(op *operation) *admission.Limiter {
	switch {
	case op.stream || op.path == "/healthz" || op.path == "/readyz":
		return nil
	case op.Cost == policy.Password:
		return rt.passwords
	default:
		return rt.limiter
	}
}

// admit runs handler when there is a place for the request. The request was checked and read before, so that a client does not
// hold a place while it sends its body. The place is free again as soon as the answer is written, even if the client reads
// slowly.
func admit(limiter *admission.Limiter, w http.ResponseWriter, r *http.Request, handler http.HandlerFunc) error {
	place, err := limiter.Enter(r.Context())
	if errors.Is(err, admission.ErrOverloaded) {
		writeRefusal(w, r)
		return nil
	}
	if err != nil {
		return err
	}
	defer place.Leave()
	handler(&placedWriter{ResponseWriter: w, place: place}, r)
	return nil
}

// placedWriter gives the request's place back when the answer is written.
type placedWriter struct {
	http.ResponseWriter
	place *admission.Place
}

// WriteHeader implements http.ResponseWriter.
func (w *placedWriter) WriteHeader(status int) {
	w.place.Leave()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *placedWriter) Write(b []byte) (int, error) {
	w.place.Leave()
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer underneath.
func (w *placedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// The body of a refusal without the request ID. It is prepared because refusals must cost very little under load; the ID needs
// no escaping.
const (
	refusalStart = `{"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable",` +
		`"detail":"The shop is very busy.","request_id":"`
	refusalEnd = "\"}\n"
)

// refuse answers a request whose class is full.
func refuse(w http.ResponseWriter, r *http.Request, class admission.Class) {
	admission.Refused(class)
	writeRefusal(w, r)
}

func writeRefusal(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Retry-After"] = refusalType, refusalCache, refusalRetry
	w.WriteHeader(http.StatusServiceUnavailable)
	id := rpc.RequestID(r.Context())
	body := make([]byte, 0, len(refusalStart)+len(id)+len(refusalEnd))
	_, _ = w.Write(append(append(append(body, refusalStart...), id...), refusalEnd...)) // fails only if the client has left
}

var (
	refusalType  = []string{"application/problem+json"}
	refusalCache = []string{"no-store"}
	refusalRetry = []string{"1"}
)

package edge

import (
	"errors"
	"net/http"

	"souk/gateway/internal/policy"
	"souk/platform/admission"
	"souk/platform/rpc"
)

// So many passwords are hashed, or wait at customers for it, at once. They wait for each other, and must not take the places of
// all the rest meanwhile; and they are fewer than customers lets wait, so that it need not refuse any.
const passwordPlaces = 16

// limiterOf returns where an operation takes its place; nil if it needs none. A stream waits more than it works, and has a bound
// of its own; what watches over us must not take a busy gateway for a broken one.
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

// admit has handler answer a request when there is a place for it. The checks came before that, so that no client holds a place
// while it is still sending its body; as soon as the answer is written the place is free, however slowly the client takes it.
func admit(limiter *admission.Limiter, class admission.Class, w http.ResponseWriter, r *http.Request, handler http.HandlerFunc) error {
	ctx := admission.WithClass(r.Context(), class)
	place, err := limiter.Enter(ctx)
	if errors.Is(err, admission.ErrOverloaded) {
		writeRefusal(w, r)
		return nil
	}
	if err != nil {
		return err
	}
	defer place.Leave()
	handler(&placedWriter{ResponseWriter: w, place: place}, r.WithContext(ctx))
	return nil
}

// placedWriter is the answer to a request that has a place, until it is written.
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

// What a refusal says, but for the request's id, which needs no escaping. Under load it must cost next to nothing.
const (
	refusalStart = `{"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable",` +
		`"detail":"The shop is very busy.","request_id":"`
	refusalEnd = "\"}\n"
)

// refuse answers a request that no place is worth waiting for.
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
	_, _ = w.Write(append(append(append(body, refusalStart...), id...), refusalEnd...)) // a client that left is not our error
}

var (
	refusalType  = []string{"application/problem+json"}
	refusalCache = []string{"no-store"}
	refusalRetry = []string{"1"}
)

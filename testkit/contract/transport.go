package contract

import (
	"bytes"
	"io"
	"mime"
	"net/http"
)

// Transport holds every answer to next's requests against the contract and reports each violation. A request fails with the error
// that report returns, if any.
func Transport(next http.RoundTripper, report func(error) error) http.RoundTripper {
	return &transport{load: Load, next: next, report: report}
}

// Transport is like the function of that name, for a contract that need not be today's.
func (c *Contract) Transport(next http.RoundTripper, report func(error) error) http.RoundTripper {
	return &transport{load: func() (*Contract, error) { return c, nil }, next: next, report: report}
}

type transport struct {
	load   func() (*Contract, error)
	next   http.RoundTripper
	report func(error) error
}

// RoundTrip implements http.RoundTripper. The body of a stream goes through as it comes.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	c, err := t.load()
	if err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer := Answer{Method: r.Method, Path: r.URL.RequestURI(), Status: resp.StatusCode, Header: resp.Header}
	if mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mediaType != eventStream {
		complete, body := read(resp.Body)
		resp.Body = body
		if !complete {
			return resp, nil // the connection broke: there is no answer
		}
		answer.Body = body.content
	}
	if err := c.Check(answer); err != nil {
		if err := t.report(err); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport underneath.
func (t *transport) CloseIdleConnections() {
	if closer, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// whole is a body that was read, with the error that it ended with.
type whole struct {
	content []byte
	io.Reader
}

// Close implements io.Closer.
func (*whole) Close() error { return nil }

// read reads a body and returns it again, to its end or to the error that it ended with.
func read(from io.ReadCloser) (complete bool, again *whole) {
	content, err := io.ReadAll(from)
	_ = from.Close()
	again = &whole{content: content, Reader: bytes.NewReader(content)}
	if err != nil {
		again.Reader = io.MultiReader(again.Reader, broken{err})
	}
	return err == nil, again
}

// broken is a reader that fails.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

package openid

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"

	"souk/services/customers/internal/customers"
)

const (
	// callTime is how long one request to a provider may take.
	callTime = 4 * time.Second
	// mostAnswer is the size of the largest answer that is read, in bytes.
	mostAnswer = 1 << 20
	// A breaker opens after this many failures in a row, and allows a trial after this long.
	mostInARow = 5
	openFor    = 5 * time.Second
)

// newClient returns a client for one provider. It does not follow redirects, because they would carry the shop's secret elsewhere.
func newClient(name string) *http.Client {
	breaker := gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{ //nolint:bodyclose // no response is made here
		Name: name, Timeout: openFor, ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= mostInARow },
	})
	return &http.Client{
		Timeout: callTime, Transport: &transport{breaker: breaker, next: http.DefaultTransport.(*http.Transport).Clone()},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport sends requests to a provider through its breaker, which counts answers of 500 and above as failures.
type transport struct {
	breaker *gobreaker.CircuitBreaker[*http.Response]
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper. Its errors are ErrProviderAway.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.breaker.Execute(func() (*http.Response, error) {
		resp, err := t.next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= http.StatusInternalServerError {
			return nil, errors.Join(fmt.Errorf("answered %d", resp.StatusCode), resp.Body.Close())
		}
		resp.Body = limited{Reader: io.LimitReader(resp.Body, mostAnswer), Closer: resp.Body}
		return resp, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", customers.ErrProviderAway, err)
	}
	return resp, nil
}

type limited struct {
	io.Reader
	io.Closer
}

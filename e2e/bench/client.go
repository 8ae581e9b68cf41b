package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// client makes requests on connections that stay open. It looks at as little of the answers as it can, because it shares the
// processors with the shop.
type client struct {
	url  string
	http *http.Client
}

// newClient returns a client that opens so many connections at most.
func newClient(url string, connections int) *client {
	return &client{url: url, http: &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true,
		},
	}}
}

// request is what is sent; a body is JSON.
type request struct {
	method, path, token, key string
	body                     []byte
}

// do returns the body of the answer. An answer other than a success is an error.
func (c *client) do(ctx context.Context, r request) ([]byte, error) {
	var reader io.Reader
	if r.body != nil {
		reader = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.url+r.path, reader)
	if err != nil {
		return nil, err
	}
	if r.token != "" {
		req.Header.Set("Authorization", r.token)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("%s %s: %s: %.300s", r.method, r.path, resp.Status, content)
	}
	return content, nil
}

// get returns what is at a path.
func (c *client) get(ctx context.Context, path, token string) ([]byte, error) {
	return c.do(ctx, request{method: http.MethodGet, path: path, token: token})
}

// Package shop is a client of the REST API, for tests and tools that see the shop as a shopper does.
package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client speaks to a shop, as the holder of Token if it has one.
type Client struct {
	URL   string
	Token string
	HTTP  *http.Client
	// login is nil for a client that was not logged in with a password.
	login *login
}

// New returns an anonymous client of the shop at url. A request fails if openapi.yaml does not list its answer.
func New(url string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &Client{URL: url, HTTP: &http.Client{Transport: Held(transport), Timeout: 90 * time.Second}}
}

// As returns a client with another token.
func (c *Client) As(token string) *Client {
	return &Client{URL: c.URL, Token: token, HTTP: c.HTTP}
}

// Response is an answer with its body read.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode reads the body as JSON.
func (r *Response) Decode(into any) error {
	if err := json.Unmarshal(r.Body, into); err != nil {
		return fmt.Errorf("status %d: %w: %.200s", r.Status, err, r.Body)
	}
	return nil
}

// Header is a header field of a request.
type Header struct {
	Name, Value string
}

// Send sends a request. A body that is a []byte goes as it is, as CSV; values as a form; anything else as JSON, nil as no body. A header
// without a value is left out.
func (c *Client) Send(ctx context.Context, method, path string, body any, headers ...Header) (*Response, error) {
	reader, mediaType, err := encode(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, reader)
	if err != nil {
		return nil, err
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	if token := c.token(ctx); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, h := range headers {
		req.Header.Set(h.Name, h.Value)
		if h.Value == "" {
			req.Header.Del(h.Name)
		}
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: content}, err
}

func encode(body any) (io.Reader, string, error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case []byte:
		return bytes.NewReader(b), "text/csv", nil
	case url.Values:
		return strings.NewReader(b.Encode()), "application/x-www-form-urlencoded", nil
	}
	content, err := json.Marshal(body)
	return bytes.NewReader(content), "application/json", err
}

// Problem is an answer that is an error.
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Reason string `json:"reason"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
	Lines     []Shortage `json:"lines"`
	Totals    *Totals    `json:"totals"`
	OrderID   string     `json:"order_id"`
	RequestID string     `json:"request_id"`
}

func (p *Problem) Error() string {
	return fmt.Sprintf("%d %s: %s %v", p.Status, p.Code, p.Detail, p.Errors)
}

// Do sends a request and decodes the answer into out, unless out is nil. An answer of 400 and above is a *Problem.
// A 429, and a 503 to a request that is safe to repeat, is waited out.
func (c *Client) Do(ctx context.Context, method, path string, body, out any, headers ...Header) error {
	for {
		resp, err := c.Send(ctx, method, path, body, headers...)
		if err != nil {
			return err
		}
		if resp.Status < 400 {
			if out == nil {
				return nil
			}
			return resp.Decode(out)
		}
		problem := &Problem{}
		if err := resp.Decode(problem); err != nil {
			return err
		}
		wait, ok := retryAfter(resp)
		if !ok || resp.Status == http.StatusServiceUnavailable && !safe(method, headers) {
			return problem
		}
		select {
		case <-ctx.Done():
			return errors.Join(problem, ctx.Err())
		case <-time.After(wait):
		}
	}
}

func retryAfter(r *Response) (time.Duration, bool) {
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	return time.Duration(seconds) * time.Second, err == nil
}

// safe reports whether doing a request twice is doing it once.
func safe(method string, headers []Header) bool {
	for _, h := range headers {
		if h.Name == "Idempotency-Key" {
			return true
		}
	}
	return method != http.MethodPost
}

package access_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"souk/e2e/shop"
)

// client follows no redirects and adds nothing of its own.
var client = &http.Client{
	Transport:     shop.Held(&http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}),
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// patience is how long anything may take.
const patience = time.Minute

func requestContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// answer is what the shop answered. The body of a stream is left out: it would not end.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request with these header fields and no others. A 503 is waited out: it is not what is tested here, and a
// machine with too much to do gets one now and then.
func send(t *testing.T, method, path string, header http.Header, body []byte) answer {
	t.Helper()
	var got answer
	eventually(t, method+" "+path+" is answered", func() bool {
		got = sendOnce(t, method, path, header, body)
		return got.status != http.StatusServiceUnavailable
	})
	return got
}

func sendOnce(t *testing.T, method, path string, header http.Header, body []byte) answer {
	t.Helper()
	ctx, cancel := requestContext()
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, running.URL()+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return answer{status: resp.StatusCode, header: resp.Header}
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: string(content)}
}

// patiently does something until it is not answered 503, and fails the test if it then fails.
func patiently(t *testing.T, what string, do func() error) {
	t.Helper()
	eventually(t, what, func() bool {
		err := do()
		var problem *shop.Problem
		if errors.As(err, &problem) && problem.Status == http.StatusServiceUnavailable {
			return false
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return true
	})
}

// eventually waits until condition holds, as long as patience lasts.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}

// bearer is the header of a request with that access token, or without one.
func bearer(token string) http.Header {
	if token == "" {
		return http.Header{}
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

func (a answer) problem() shop.Problem {
	var p shop.Problem
	_ = json.Unmarshal([]byte(a.body), &p) // what is no problem has no code
	return p
}

// likeness is all that a client can tell one refusal from another by: everything but when it was, and of what request.
func (a answer) likeness() string {
	names := slices.Sorted(maps.Keys(a.header))
	return strings.Join(names, " ") + " " + strings.ReplaceAll(a.body, a.problem().RequestID, "…")
}

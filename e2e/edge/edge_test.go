// Package edge tests the shop's edge against those who wish it ill, each test on a shop of its own with its limits on.
package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

func start(t *testing.T, env ...string) *testshop.Shop {
	t.Helper()
	s, stop, err := testshop.Start(t.Context(), stack.Config{Env: append(env, "SOUK_RATE_LIMITS=on")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	})
	return s
}

// from returns a client whose connections come from a loopback address.
func from(t *testing.T, address string) *http.Client {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: shop.Held(transport), Timeout: 30 * time.Second}
}

// login tries a password and returns the status of the answer, and when to come back.
func login(ctx context.Context, client *http.Client, url, email, password string) (status int, retryAfter string, err error) {
	body, err := json.Marshal(map[string]string{"email": email, "password": password})
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/sessions", bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	_ = resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Retry-After"), nil
}

package devserver

import (
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

func startTestConsul(t *testing.T, dir string) *Consul {
	t.Helper()
	server, err := StartConsul(t.Context(), ConsulConfig{Dir: dir, Progress: logLine(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// call sends a request to the HTTP API and returns the response's body.
func (c *Consul) call(t *testing.T, method, path, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.Addr()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s %v", method, path, response.Status, text, err)
	}
	return string(text)
}

func TestConsulKeepsItsDataAcrossRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startTestConsul(t, dir)
	first.call(t, http.MethodPut, "/v1/kv/color", "green")
	first.call(t, http.MethodPut, "/v1/agent/service/register", `{"Name": "orders", "Port": 1}`)
	roots := first.call(t, http.MethodGet, "/v1/agent/connect/ca/leaf/orders", "")
	if !strings.Contains(roots, "BEGIN CERTIFICATE") {
		t.Errorf("no leaf certificate: %s", roots)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	second := startTestConsul(t, dir) // on other ports
	if got := second.call(t, http.MethodGet, "/v1/kv/color?raw", ""); got != "green" {
		t.Errorf("color = %s, want green", got)
	}
	if got := second.call(t, http.MethodGet, "/v1/agent/services", ""); !strings.Contains(got, `"orders"`) {
		t.Errorf("services = %s, want orders among them", got)
	}
	if err := second.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-second.Done()

	third := startTestConsul(t, dir)
	if got := third.call(t, http.MethodGet, "/v1/kv/color?raw", ""); got != "green" {
		t.Errorf("after a crash, color = %s, want green", got)
	}
}

func TestConsulRefusesATakenPort(t *testing.T) {
	t.Parallel()
	_, err := StartConsul(t.Context(), ConsulConfig{Dir: t.TempDir(), HTTPPort: occupiedPort(t)})
	wantPortInUse(t, err)
}

package cluster_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"souk/deploy/kubernetes/canary/cluster"
)

// kubectl puts a program of that name on the PATH, which does what the script says.
func kubectl(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestAForwardedPortIsReachedAndClosed(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	pid := filepath.Join(t.TempDir(), "pid")
	kubectl(t, fmt.Sprintf("echo $$ \"$*\" >%s\necho 'Forwarding from %s -> 9090'\nexec sleep 60\n", pid, address))
	url, disconnect, err := cluster.Forward("lab", "souk", "prometheus", 9090)(t.Context())
	if err != nil || url != server.URL {
		t.Fatalf("%q, %v; want %q", url, err, server.URL)
	}
	started, err := os.ReadFile(pid)
	number, arguments, _ := strings.Cut(strings.TrimSpace(string(started)), " ")
	if want := "--namespace souk --context lab port-forward --address 127.0.0.1 service/prometheus :9090"; err != nil || arguments != want {
		t.Errorf("kubectl %s, %v; want %s", arguments, err, want)
	}
	disconnect()
	if _, err := os.Stat("/proc/" + number); err == nil {
		t.Error("kubectl still runs")
	}
}

func TestAPortThatCannotBeForwardedIsAnError(t *testing.T) {
	kubectl(t, "echo 'services \"prometheus\" not found' >&2\nexit 1\n")
	if _, _, err := cluster.Forward("", "souk", "prometheus", 9090)(t.Context()); err == nil || !strings.Contains(err.Error(), `services "prometheus" not found`) {
		t.Error(err)
	}
}

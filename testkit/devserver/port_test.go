package devserver

import (
	"net"
	"strings"
	"testing"
)

func TestFreePortGivesEachPortOnce(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 200 {
		port, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] {
			t.Fatalf("port %d given twice", port)
		}
		seen[port] = true
	}
}

// occupiedPort is a port that something listens on until the test ends.
func occupiedPort(t *testing.T) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

// wantPortInUse fails the test unless err says that the port is in use.
func wantPortInUse(t *testing.T, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "on 127.0.0.1 is in use by another program") {
		t.Errorf("error = %v, want one that says the port is in use", err)
	}
}

func TestCheckPort(t *testing.T) {
	t.Parallel()
	wantPortInUse(t, CheckPort(occupiedPort(t)))
	free, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckPort(free); err != nil {
		t.Errorf("a free port: %v", err)
	}
}

package devserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
)

// Free ports come from below the range that Linux and macOS take outgoing connections' ports from, so
// that no connection takes a port between FreePort and the server's start.
const (
	firstPort = 20000
	portCount = 12000
)

// portsTaken makes FreePort walk on from a random start: no port is given twice in one process.
var portsTaken atomic.Uint32

func init() { portsTaken.Store(rand.Uint32N(portCount)) }

// FreePort returns a TCP port that nothing listens on at 127.0.0.1. It does not give the same port
// twice before it has been through all of them.
func FreePort() (int, error) {
	for range portCount {
		port := firstPort + int(portsTaken.Add(1)%portCount)
		if CheckPort(port) == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port on 127.0.0.1 from %d to %d", firstPort, firstPort+portCount-1)
}

// CheckPort fails, naming the port, if a server cannot listen on it at 127.0.0.1.
func CheckPort(port int) error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", loopback(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d on 127.0.0.1 is in use by another program", port)
	}
	if err != nil {
		return fmt.Errorf("check port %d: %w", port, err)
	}
	return listener.Close()
}

// usablePort is port if that is free, or any free port if it is zero.
func usablePort(port int) (int, error) {
	if port == 0 {
		return FreePort()
	}
	return port, CheckPort(port)
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

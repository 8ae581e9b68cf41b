// Package devserver starts real PostgreSQL, FerretDB (MongoDB's wire protocol), Consul, Prometheus and Jaeger servers on
// loopback, for `make run` and for tests, and gives the processes of the local stack one way to be
// started, watched and stopped.
//
// Everything it starts dies with the program that started it: at once on Linux, and on other systems
// as long as that program is not killed outright.
package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	readyTimeout  = 60 * time.Second
	probeInterval = 25 * time.Millisecond
)

// waitReady returns once probe succeeds. It stops the process and fails if the process ends first, or
// if that takes more than readyTimeout.
func waitReady(ctx context.Context, p *Process, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		err := probe(ctx)
		select {
		case <-p.Done():
			if p.Err() != nil {
				return p.Err()
			}
			return p.failure("ended before it was ready")
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-p.Done():
		case <-ticker.C:
		case <-ctx.Done():
			notReady := p.failure(fmt.Sprintf("not ready: %v", err))
			// However it stops: what matters is why it was not ready.
			_ = p.Stop(context.WithoutCancel(ctx))
			return notReady
		}
	}
}

// prepareDir makes the folder that a server owns and returns its absolute path.
func prepareDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no folder given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the server's folder: %w", err)
	}
	return dir, nil
}

// report passes a line of progress on, if anyone listens.
func report(progress func(string), line string) {
	if progress != nil {
		progress(line)
	}
}

package service

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// aside does what a binary can do instead of serving, and reports whether that was asked for. It reads no setting. Its arguments are
// those of the process, with the name of the program first.
//
//	orders --version                              print name, version and commit
//	healthcheck grpc 127.0.0.1:9000               ask the service at an address whether it serves
//	healthcheck http http://127.0.0.1:8080/readyz the same of a gateway
//
// In an image /healthcheck is a link to the binary, because a program of its own would be another 10 MB, and there is no shell.
func aside(ctx context.Context, name string, args []string) (bool, error) {
	switch {
	case filepath.Base(args[0]) == "healthcheck":
		return true, checkHealth(ctx, args[1:])
	case len(args) == 2 && args[1] == "--version":
		_, err := fmt.Fprintln(os.Stdout, current().line(name))
		return true, err
	}
	return false, nil
}

const answerTimeout = 3 * time.Second

// It is its own container that is asked.
var unverified = &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true} //nolint:gosec // see above

func checkHealth(ctx context.Context, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	if len(args) == 2 && args[0] == "grpc" {
		return checkGRPC(ctx, args[1])
	}
	if len(args) == 2 && args[0] == "http" {
		return checkHTTP(ctx, args[1])
	}
	return errors.New("usage: healthcheck grpc HOST:PORT | healthcheck http URL")
}

func checkGRPC(ctx context.Context, addr string) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(credentials.NewTLS(unverified)))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		return fmt.Errorf("status is %s", answer.GetStatus())
	}
	return nil
}

func checkHTTP(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: unverified}}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status is %s", resp.Status)
	}
	return nil
}

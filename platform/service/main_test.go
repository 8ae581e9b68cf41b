package service_test

import (
	"context"
	"os"
	"syscall"
	"testing"

	"souk/platform/service"
)

func TestAProcessEndsWhenItIsTold(t *testing.T) {
	told := false
	service.Main("test", func(ctx context.Context) error {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		<-ctx.Done()
		told = true
		return nil
	})
	if !told {
		t.Error("it was not told")
	}
}

// TestABinaryAsksAnotherForItsHealth starts no process: it is one that another was started beside, by the name healthcheck.
func TestABinaryAsksAnotherForItsHealth(t *testing.T) {
	start(t, newService(t, "healthy"))
	before := os.Args
	t.Cleanup(func() { os.Args = before })
	os.Args = []string{"/healthcheck", "grpc", address(t, "healthy")}
	service.Main("test", func(context.Context) error {
		t.Error("it serves")
		return nil
	})
}

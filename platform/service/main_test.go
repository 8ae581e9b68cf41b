package service_test

import (
	"context"
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

package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"souk/testkit/devserver"
)

// Staff creates a staff account in the shop that cfg describes, which must be running. The arguments are those of the command
// "customers staff": add or promote, and the e-mail address. The password is written to out.
func Staff(ctx context.Context, cfg Config, args []string, out io.Writer) error {
	if devserver.CheckPort(cfg.MongoPort) == nil {
		return errors.New("no shop is running here; start it with make run")
	}
	command := exec.CommandContext(ctx, filepath.Join(cfg.BinDir, "customers"), append([]string{"staff"}, args...)...)
	command.Env = append(os.Environ(), fmt.Sprintf("SOUK_CUSTOMERS_MONGO_URI=mongodb://127.0.0.1:%d/customers", cfg.MongoPort))
	command.Stdout, command.Stderr = out, os.Stderr
	return command.Run()
}

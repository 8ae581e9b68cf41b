// Package testshop is responsible for shops that tests and tools start: on free ports, with data that ends with them, and with
// parts that can be killed, paused and replaced.
package testshop

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"souk/deploy/local/stack"
	"souk/testkit/devserver"
)

// Shop is a running shop.
type Shop struct {
	*stack.Stack
	*parts
}

// built is what Build makes, once for a process.
var built = sync.OnceValues(func() (string, error) { return Build(context.Background()) })

// Build compiles the services and the gateway from the repository that the working directory is in, and returns where they are.
func Build(ctx context.Context) (binDir string, err error) {
	root, err := devserver.RepoRoot()
	if err != nil {
		return "", err
	}
	binDir = filepath.Join(root, ".souk", "bin")
	return binDir, stack.Build(ctx, root, binDir, nil)
}

func buildAudit(ctx context.Context, binDir string) error {
	root, err := devserver.RepoRoot()
	if err != nil {
		return err
	}
	return stack.BuildAudit(ctx, root, binDir)
}

// Start builds a shop and starts it. It fills in the folders of cfg, the gateway's port and the first staff account. The function it
// returns stops the shop and deletes its data.
func Start(ctx context.Context, cfg stack.Config) (*Shop, func() error, error) {
	cfg, err := prepare(cfg)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Observe {
		if err := buildAudit(ctx, cfg.BinDir); err != nil {
			return nil, nil, errors.Join(err, os.RemoveAll(cfg.Dir))
		}
	}
	return start(ctx, cfg)
}

// Restore is Start for a shop that a backup is restored to.
func Restore(ctx context.Context, cfg stack.Config, backup string) (*Shop, func() error, error) {
	cfg, err := prepare(cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := stack.Restore(ctx, cfg, backup); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(cfg.Dir))
	}
	return start(ctx, cfg)
}

// prepare builds the services and fills in what every shop needs.
func prepare(cfg stack.Config) (stack.Config, error) {
	binDir, err := built()
	if err != nil {
		return cfg, err
	}
	dir, err := os.MkdirTemp("", "souk-")
	if err != nil {
		return cfg, err
	}
	cfg.Dir, cfg.BinDir, cfg.GatewayAddr, cfg.StaffEmail, cfg.Fast = dir, binDir, "127.0.0.1:0", "staff@souk.example", true
	return cfg, os.Chmod(dir, 0o755) // PostgreSQL may run as another user
}

func start(ctx context.Context, cfg stack.Config) (*Shop, func() error, error) {
	s, err := stack.Start(ctx, cfg)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(cfg.Dir))
	}
	stop := func() error {
		return errors.Join(s.Stop(context.WithoutCancel(ctx)), os.RemoveAll(cfg.Dir))
	}
	return &Shop{s, newParts(s.Parts(), s.Process, s.StartPart)}, stop, nil
}

// Staff makes an account one of staff, as stack.Staff does.
func (s *Shop) Staff(ctx context.Context, args []string, out io.Writer) error {
	return stack.Staff(ctx, s.Config(), args, out)
}

// WipeConsul deletes all that Consul has stored: what is registered, tokens, its certificate authority. It must have been
// killed. Restart starts it with nothing, and the services' tokens are made anew.
func (s *Shop) WipeConsul() error { return os.RemoveAll(filepath.Join(s.Config().Dir, "consul")) }

package stack

import (
	"context"
	"errors"
	"os"
	"sync"
)

// built is what BuildHere makes, once for a process.
var built = sync.OnceValues(func() (string, error) { return BuildHere(context.Background()) })

// StartTemporary starts a shop on free ports, whose data ends with it: for tests and tools. It is built first, from the
// repository that the working directory is in. env is added to the environment of every service. The function it returns stops
// the shop and deletes its data.
func StartTemporary(ctx context.Context, env ...string) (*Stack, func() error, error) {
	return StartTemporaryAs(ctx, Config{Env: env})
}

// StartTemporaryAs is StartTemporary with more to say about the shop than its environment. What it makes up is the
// folders, the gateway's port and the first staff account.
func StartTemporaryAs(ctx context.Context, cfg Config) (*Stack, func() error, error) {
	binDir, err := built()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "souk-")
	if err != nil {
		return nil, nil, err
	}
	// PostgreSQL may run as another user.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, nil, err
	}
	cfg.Dir, cfg.BinDir, cfg.GatewayAddr, cfg.StaffEmail, cfg.Fast = dir, binDir, "127.0.0.1:0", "staff@souk.example", true
	s, err := Start(ctx, cfg)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, func() error {
		return errors.Join(s.Stop(context.WithoutCancel(ctx)), os.RemoveAll(dir))
	}, nil
}

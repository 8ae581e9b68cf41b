package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"souk/platform/devserver"
)

// Names of the parts of a shop besides the services: the process at its edge, and the servers.
const (
	Gateway  = "gateway"
	Postgres = "postgres"
	Mongo    = "mongo"
	Consul   = "consul"
)

// Audit is what is no part of a shop, but has a name in it.
const Audit = "audit"

// Services are the names of the seven business services, which are also their names in Consul.
var Services = []string{"catalog", "customers", "carts", "inventory", "payments", "shipping", "orders"}

// Parts returns the names of all processes of a shop that runs one instance of each service.
func Parts() []string {
	return new(Config).parts()
}

// Build compiles the seven services and the gateway of the repository at root into binDir.
func Build(ctx context.Context, root, binDir string) error {
	if err := os.MkdirAll(binDir, 0o755); err != nil {
		return err
	}
	for _, name := range Services {
		if err := build(ctx, filepath.Join(root, "services", name), binDir, name); err != nil {
			return err
		}
	}
	return build(ctx, filepath.Join(root, Gateway), binDir, Gateway)
}

// BuildHere compiles them from the repository that the working directory is in, for its tests and tools, and returns where they
// are.
func BuildHere(ctx context.Context) (binDir string, err error) {
	root, err := devserver.RepoRoot()
	if err != nil {
		return "", err
	}
	binDir = filepath.Join(root, ".souk", "bin")
	return binDir, Build(ctx, root, binDir)
}

func build(ctx context.Context, dir, binDir, name string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(binDir, name), "./cmd/"+name)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", name, err, strings.TrimSpace(string(output)))
	}
	return nil
}

package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"souk/deploy/setup/roster"
	"souk/tools/release/record"
)

// Names of the parts of a shop besides the services: the process at its edge, and the servers.
const (
	Gateway  = "gateway"
	Postgres = "postgres"
	Mongo    = "mongo"
	Consul   = "consul"
)

// Audit is the name under which the audit (deploy/audit) calls the services, with a Consul token of its own. It is started only with a
// shop that is observed.
const Audit = "audit"

// Mend is the name under which audit mend calls the services, with a Consul token of its own.
const Mend = "mend"

// Demo is the name of what fills a shop with the demo catalog.
const Demo = "demo"

// Tools have an OAuth client of their own, with their name as its ID.
var Tools = []string{Audit, Demo, Mend}

// Services are the names of the services, which are also their names in Consul.
var Services = roster.Names()

// progressEvery is how often Build reports its progress.
const progressEvery = 10 * time.Second

// Build compiles the services and the gateway of the repository at root into binDir. It builds them one after another: packages that
// several of them use are then compiled once, and taken from Go's build cache afterwards. It reports its progress to progress, if that
// is not nil.
func Build(ctx context.Context, root, binDir string, progress func(string)) error {
	if err := os.MkdirAll(binDir, 0o755); err != nil {
		return err
	}
	builder, err := record.NewBuilder(ctx, root)
	if err != nil {
		return err
	}
	told := time.Now()
	for i, name := range Services {
		if err := build(ctx, root, binDir, name, builder); err != nil {
			return err
		}
		if progress != nil && time.Since(told) >= progressEvery {
			told = time.Now()
			progress(fmt.Sprintf("services: %d of %d compiled", i+1, len(Services)))
		}
	}
	return build(ctx, root, binDir, Gateway, builder)
}

func build(ctx context.Context, root, binDir, name string, builder *record.Builder) error {
	flags, err := builder.Flags(name)
	if err != nil {
		return err
	}
	return Compile(ctx, filepath.Join(root, record.Folder(name)), filepath.Join(binDir, name), flags)
}

// Compile compiles the command of the module in dir that has the name of file, and gives the linker its flags. It uses -trimpath and
// CGO_ENABLED=0, as tools/build does, so that both can use the same compiled standard library. Without gRPC's own traces, as in
// deploy/Dockerfile, a binary is a third smaller.
func Compile(ctx context.Context, dir, file, linker string) error {
	name := filepath.Base(file)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", linker, "-o", file, "./cmd/"+name)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", name, err, strings.TrimSpace(string(output)))
	}
	return nil
}

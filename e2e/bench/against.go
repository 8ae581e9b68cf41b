package bench

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"souk/deploy/local/stack"
	"souk/tools/release/git"
	release "souk/tools/release/record"
)

// againstBar is the least that requests per processor second may be, compared with the other version.
const againstBar = 0.98

// Against compares the shop of these sources with that of another commit of the repository at root. Both are compiled in the same way.
func Against(ctx context.Context, root, commit string, plan Plan, progress func(string), out io.Writer) (failed error) {
	dir, err := os.MkdirTemp("", "souk-against-")
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, os.RemoveAll(dir)) }()
	progress("compiling the other version")
	binDir, err := compile(ctx, root, commit, dir)
	if err != nil {
		return err
	}
	turns := turns{Names: [2]string{"the other version", "today's"}, Bar: againstBar, Plan: plan, Progress: progress}
	return turns.compare(ctx, [2]Options{{BinDir: binDir}, {}}, out)
}

// compile compiles the services and the gateway of a commit in dir, and returns the folder with their binaries.
func compile(ctx context.Context, root, commit, dir string) (binDir string, err error) {
	sources, binDir := filepath.Join(dir, "sources"), filepath.Join(dir, "bin")
	if err := git.Repository(root).Unpack(ctx, commit, sources); err != nil {
		return "", err
	}
	if err := os.Mkdir(binDir, 0o755); err != nil {
		return "", err
	}
	for _, part := range append([]string{stack.Gateway}, stack.Services...) {
		if err := stack.Compile(ctx, filepath.Join(sources, release.Folder(part)), filepath.Join(binDir, part), ""); err != nil {
			return "", err
		}
	}
	return binDir, nil
}

// Package git runs git in a repository.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Repository is the folder of a repository, or one in it.
type Repository string

// Run runs git, and returns what it prints without the line break at the end.
func (r Repository) Run(ctx context.Context, args ...string) (string, error) {
	output, err := r.Bytes(ctx, args...)
	return strings.TrimSuffix(string(output), "\n"), err
}

// Bytes runs git, and returns what it prints.
func (r Repository) Bytes(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", string(r)}, args...)...)
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return output, nil
}

// Head returns the full hash of the commit that is checked out, with -dirty after it if files were changed since.
func (r Repository) Head(ctx context.Context) (string, error) {
	return r.Run(ctx, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
}

// ErrShallow means that a commit is not in this clone because the clone is shallow. Continuous integration often makes such clones.
var ErrShallow = errors.New("this clone is shallow and does not have the commit: git fetch --unshallow gets it")

// Has returns nil if the commit is in the history of the commit that is checked out, and ErrShallow if the clone is too shallow to tell.
func (r Repository) Has(ctx context.Context, commit string) error {
	_, err := r.Run(ctx, "merge-base", "--is-ancestor", commit, "HEAD")
	if err == nil {
		return nil
	}
	shallow, shallowErr := r.Run(ctx, "rev-parse", "--is-shallow-repository")
	if shallowErr != nil {
		return shallowErr
	}
	if shallow == "true" {
		return fmt.Errorf("%s: %w", commit, ErrShallow)
	}
	return fmt.Errorf("%s is not in the history of what is checked out: %w", commit, err)
}

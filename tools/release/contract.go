package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"souk/tools/release/git"
	"souk/tools/release/record"
)

// check compares today's contracts with those of each part's last release. It says so where a shallow clone lacks the commit.
func (s shop) check(ctx context.Context, releases record.Releases) error {
	var errs []error
	for _, part := range slices.Sorted(maps.Keys(releases)) {
		last, released := releases.Last(part)
		if !released {
			continue
		}
		if err := s.git().Has(ctx, last.Commit); errors.Is(err, git.ErrShallow) {
			s.say("NOT CHECKED: the contracts of %s %s: %v", part, last.Version, err)
			continue
		} else if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", part, last.Version, err))
			continue
		}
		made, err := s.sourcesOf(ctx, part)
		if err == nil {
			err = s.contracts(ctx, part, last.Commit, made)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s since %s: %w", part, last.Version, err))
		}
	}
	return errors.Join(errs...)
}

// contracts refuses a part whose contracts broke since a commit. A part breaks with what it serves, and with what it calls.
func (s shop) contracts(ctx context.Context, part, commit string, made sources) error {
	errs := []error{s.protoRule(ctx, commit, made.contracts)}
	if part == record.Gateway {
		errs = append(errs, s.openapiRule(ctx, commit))
	}
	return errors.Join(errs...)
}

// protoRule has buf compare packages of proto with what they were at a commit.
func (s shop) protoRule(ctx context.Context, commit string, contracts []string) error {
	before, err := s.git().Bytes(ctx, "archive", commit, "proto")
	if err != nil {
		return err
	}
	args := []string{"breaking", "--against", "-#format=tar,strip_components=1"}
	for _, folder := range contracts {
		args = append(args, "--path", strings.TrimPrefix(folder, "proto/"))
	}
	return s.compare(exec.CommandContext(ctx, "buf", args...), "proto", before, 100) // https://buf.build/docs/reference/cli/exit-codes
}

// openapiRule has oasdiff compare the REST contract with what it was at a commit.
func (s shop) openapiRule(ctx context.Context, commit string) error {
	before, err := s.git().Bytes(ctx, "show", commit+":gateway/openapi.yaml")
	if err != nil {
		return err
	}
	return s.compare(exec.CommandContext(ctx, "oasdiff", "breaking", "-", "openapi.yaml", "--fail-on", "ERR", "--format", "singleline"), "gateway", before, 1)
}

// compare runs a tool in a folder, with the contract as it was before on its standard input. The tool exits with broken if the contract
// broke.
func (s shop) compare(cmd *exec.Cmd, folder string, before []byte, broken int) error {
	cmd.Dir = s.path(folder)
	cmd.Stdin = bytes.NewReader(before)
	output, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(output))
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() == broken:
		return fmt.Errorf("refused by the rule of %s %s: a contract broke:\n%s", cmd.Args[0], cmd.Args[1], text)
	}
	return fmt.Errorf("%s: %w: %s", cmd.Args[0], err, text)
}

package record

import (
	"context"
	"fmt"

	"golang.org/x/mod/semver"

	"souk/tools/release/git"
)

// Bump says which part of a version a release raises.
type Bump int

// A patch changes nothing that others rely on. A minor version adds to a contract or to a database.
const (
	Patch Bump = iota
	Minor
)

// first is the version of a part's first release.
const first = "1.0.0"

// Next returns the version after the last one of a part.
func (all Releases) Next(part string, bump Bump) (string, error) {
	last, released := all.Last(part)
	if !released {
		return first, nil
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(last.Version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return "", fmt.Errorf("%s %s: %w", part, last.Version, err)
	}
	if bump == Minor {
		return fmt.Sprintf("%d.%d.0", major, minor+1), nil
	}
	return fmt.Sprintf("%d.%d.%d", major, minor, patch+1), nil
}

// Older reports whether version a comes before b.
func Older(a, b string) bool { return semver.Compare("v"+a, "v"+b) < 0 }

// Builder knows what binaries of today's sources are called.
type Builder struct {
	releases Releases
	commit   string
}

// NewBuilder returns the builder of the repository at root. Sources outside git, for example in an archive, have no commit.
func NewBuilder(ctx context.Context, root string) (*Builder, error) {
	releases, err := Read(root)
	if err != nil {
		return nil, err
	}
	commit, err := git.Repository(root).Head(ctx)
	if err != nil {
		commit = ""
	}
	return &Builder{releases, commit}, nil
}

// Flags returns what the linker has to know of a binary of today's sources. Its version is the next minor one, marked as unreleased.
func (b *Builder) Flags(part string) (string, error) {
	next, err := b.releases.Next(part, Minor)
	if err != nil {
		return "", err
	}
	return Release{Version: next + "-dev", Commit: b.commit}.Flags(), nil
}

// Flags returns what the linker has to know of a release, so that its binary can say it. The linker leaves out what only debuggers read,
// because it then takes two thirds of the time; panics and profiles name their functions all the same.
func (r Release) Flags() string {
	flags := "-s -w -X souk/platform/service.Version=" + r.Version
	if r.Commit != "" {
		flags += " -X souk/platform/service.Commit=" + r.Commit
	}
	return flags
}

package main

import (
	"context"
	"fmt"
	"strings"

	"souk/tools/release/record"
)

// plan is what a release of a part would be.
type plan struct {
	part, head string
	last       record.Release
	released   bool
	sources    sources
	// commits are the changes since the last release, the newest first: short hash and subject.
	commits []string
	// promises are the files of the contract and the migrations that changed.
	promises []string
	next     string
}

func (s shop) plan(ctx context.Context, releases record.Releases, part string) (plan, error) {
	p := plan{part: part}
	p.last, p.released = releases.Last(part)
	var err error
	if p.head, err = s.git().Run(ctx, "rev-parse", "HEAD"); err != nil {
		return p, err
	}
	if p.sources, err = s.sourcesOf(ctx, part); err != nil {
		return p, err
	}
	since := "HEAD"
	if p.released {
		if err := s.git().Has(ctx, p.last.Commit); err != nil {
			return p, err
		}
		since = p.last.Commit + "..HEAD"
		if p.promises, err = s.changed(ctx, p.last.Commit, p.sources.promises()); err != nil {
			return p, err
		}
	}
	if p.commits, err = s.lines(ctx, append([]string{"log", "--format=%h %s", since, "--"}, p.sources.paths()...)...); err != nil {
		return p, err
	}
	p.next, err = releases.Next(part, p.bump())
	return p, err
}

func (p plan) bump() record.Bump {
	if len(p.promises) > 0 {
		return record.Minor
	}
	return record.Patch
}

// changed returns the files below paths that are not what they were at a commit.
func (s shop) changed(ctx context.Context, commit string, paths []string) ([]string, error) {
	return s.lines(ctx, append([]string{"diff", "--name-only", commit, "HEAD", "--"}, paths...)...)
}

// lines runs git, and returns the lines that it prints.
func (s shop) lines(ctx context.Context, args ...string) ([]string, error) {
	output, err := s.git().Run(ctx, args...)
	if err != nil || output == "" {
		return nil, err
	}
	return strings.Split(output, "\n"), nil
}

// show says what would be released, and why.
func (s shop) show(p plan) {
	if p.released {
		s.say("%s: the last release is %s (%.7s)", p.part, p.last.Version, p.last.Commit)
	} else {
		s.say("%s: never released", p.part)
	}
	if len(p.commits) == 0 {
		s.say("Nothing that its binary is made from has changed since.")
		return
	}
	s.say("Changes of its folder, and of the packages of platform and proto that it uses:")
	for _, commit := range p.commits {
		s.say("  %s", commit)
	}
	why := "a patch, because neither its contract nor its migrations changed"
	if len(p.promises) > 0 {
		why = fmt.Sprintf("a minor version, because these changed: %s", strings.Join(p.promises, ", "))
	}
	if p.released {
		s.say("Next: %s, %s.", p.next, why)
	} else {
		s.say("Next: %s, its first.", p.next)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"souk/tools/release/record"
)

// release says what a release of the part would be. With a version it also records the release. It refuses a release that breaks a rule.
func (s shop) release(ctx context.Context, releases record.Releases, part, version string) error {
	p, err := s.plan(ctx, releases, part)
	if err != nil {
		return err
	}
	s.show(p)
	if err := s.refuse(ctx, p, version); err != nil {
		return err
	}
	if version == "" {
		if len(p.commits) > 0 {
			s.say("To release it: make release SERVICE=%s VERSION=%s", part, p.next)
		}
		return nil
	}
	r := record.Release{Version: version, Commit: p.head}
	releases[part] = append(releases[part], r)
	if err := releases.Write(s.root); err != nil {
		return err
	}
	if err := s.addHeading(ctx, p, r); err != nil {
		return err
	}
	s.say("Recorded in deploy/releases.json. Write in %s/CHANGELOG.md what it means for others, commit both files, and then:", record.Folder(part))
	s.say("git tag %s %s", record.Tag(part, version), r.Commit)
	return nil
}

// refuse returns an error for each rule that the release breaks. Without a version, only the contracts are checked.
func (s shop) refuse(ctx context.Context, p plan, version string) error {
	var errs []error
	if version != "" {
		errs = append(errs, versionRule(p, version), s.committedRule(ctx, p))
	}
	if p.released {
		errs = append(errs, s.contracts(ctx, p.part, p.last.Commit, p.sources))
	}
	return errors.Join(errs...)
}

// versionRule refuses a release of nothing, and a version that is too low for what changed.
func versionRule(p plan, version string) error {
	if len(p.commits) == 0 {
		return errors.New("refused by the rule that a release has changes: there are none")
	}
	if record.Older(version, p.next) {
		return fmt.Errorf("refused by the rule of versions: %s is lower than %s", version, p.next)
	}
	return nil
}

// committedRule refuses a release of files that no commit has, because nobody could build it again.
func (s shop) committedRule(ctx context.Context, p plan) error {
	files, err := s.lines(ctx, append([]string{"status", "--porcelain", "--"}, p.sources.paths()...)...)
	if err != nil || len(files) == 0 {
		return err
	}
	return fmt.Errorf("refused by the rule that a release is a commit: these files are not committed:\n%s", strings.Join(files, "\n"))
}

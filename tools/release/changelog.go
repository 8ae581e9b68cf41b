package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"souk/tools/release/record"
)

// addHeading adds the release to the part's CHANGELOG.md, with the subjects of its commits as a draft.
func (s shop) addHeading(ctx context.Context, p plan, r record.Release) error {
	day, err := s.git().Run(ctx, "show", "--no-patch", "--format=%cs", r.Commit)
	if err != nil {
		return err
	}
	path := s.path(record.Folder(p.part), "CHANGELOG.md")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		content, err = fmt.Appendf(nil, "# Changes of %s\n\nIts releases, the newest first.\n", p.part), nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(insert(string(content), entry(p, r, day))), 0o644)
}

// entry is the part of a CHANGELOG.md about one release.
func entry(p plan, r record.Release, day string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "## %s (%s)\n\n", r.Version, day)
	for _, commit := range p.commits {
		_, subject, _ := strings.Cut(commit, " ")
		fmt.Fprintf(&text, "- %s\n", subject)
	}
	return text.String()
}

// insert puts an entry before the entries of earlier releases.
func insert(changelog, entry string) string {
	before, after, found := strings.Cut(changelog, "\n## ")
	if !found {
		return strings.TrimRight(changelog, "\n") + "\n\n" + entry
	}
	return before + "\n" + entry + "\n## " + after
}

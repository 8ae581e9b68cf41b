package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"souk/tools/release/record"
)

// tag creates the tags of all releases that have none yet.
func (s shop) tag(ctx context.Context, releases record.Releases) error {
	var errs []error
	for _, part := range slices.Sorted(maps.Keys(releases)) {
		for _, r := range releases[part] {
			errs = append(errs, s.tagOne(ctx, record.Tag(part, r.Version), r.Commit))
		}
	}
	return errors.Join(errs...)
}

// tagOne creates a tag, unless it is there. A tag of another commit is an error, because others may have built from it.
func (s shop) tagOne(ctx context.Context, tag, commit string) error {
	tagged, err := s.git().Run(ctx, "rev-list", "-n", "1", "refs/tags/"+tag)
	switch {
	case err != nil: // there is no such tag
		s.say("git tag %s %s", tag, commit)
		_, err := s.git().Run(ctx, "tag", tag, commit)
		return err
	case tagged != commit:
		return fmt.Errorf("the tag %s is at %s, but deploy/releases.json has %s", tag, tagged, commit)
	}
	return nil
}

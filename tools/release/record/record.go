// Package record reads and writes deploy/releases.json: the releases of each service and of the gateway.
package record

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/mod/semver"
)

// Gateway is the part of the shop that is no service.
const Gateway = "gateway"

// file is where the releases stand, from the root of the repository.
var file = filepath.Join("deploy", "releases.json")

// Release is a version of a part, and the full hash of the commit that it was built from.
type Release struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

// Releases are the releases of each part, the oldest first. A part that was never released has none.
type Releases map[string][]Release

// Read reads the releases of the repository at root.
func Read(root string) (Releases, error) {
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	var all Releases
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return all, all.check()
}

// Write stores the releases in the repository at root.
func (all Releases) Write(root string) error {
	if err := all.check(); err != nil {
		return err
	}
	content, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, file), append(content, '\n'), 0o644)
}

// Last returns the newest release of a part; false if there is none.
func (all Releases) Last(part string) (Release, bool) {
	releases := all[part]
	if len(releases) == 0 {
		return Release{}, false
	}
	return releases[len(releases)-1], true
}

// Folder returns the folder of a part's module, from the root of the repository.
func Folder(part string) string {
	if part == Gateway {
		return part
	}
	return "services/" + part
}

// Tag returns the name of a release's tag. Go expects the tags of a module that is in a folder to start with that folder.
func Tag(part, version string) string { return Folder(part) + "/v" + version }

var hash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// check returns an error if a version or a hash is malformed, or if the versions of a part do not ascend.
func (all Releases) check() error {
	for part, releases := range all {
		last := ""
		for _, r := range releases {
			v := "v" + r.Version
			if !semver.IsValid(v) || semver.Canonical(v) != v || semver.Prerelease(v) != "" {
				return fmt.Errorf("%s: %s: %q is not a version like 1.2.3", file, part, r.Version)
			}
			if last != "" && semver.Compare(last, v) >= 0 {
				return fmt.Errorf("%s: %s: %s does not ascend from %s", file, part, v, last)
			}
			if !hash.MatchString(r.Commit) {
				return fmt.Errorf("%s: %s %s: %q is not the full hash of a commit", file, part, r.Version, r.Commit)
			}
			last = v
		}
	}
	return nil
}

package service

import (
	"cmp"
	"fmt"
	"runtime/debug"
)

// Version is the version that the binary was built from, and the linker sets it, as it sets Commit:
//
//	go build -ldflags "-X souk/platform/service.Version=1.1.0 -X souk/platform/service.Commit=322353a…"
//
// A binary that was built without takes what Go recorded.
var Version string

// Commit is the full hash of the commit that the binary was built from.
var Commit string

// unknown stands for a version or commit that was not recorded.
const unknown = "unknown"

// release is the version and the commit of this binary.
type release struct{ version, commit string }

// current returns the release that the linker set, and for each part that it did not, what Go recorded at the build.
func current() release {
	return release{version: Version, commit: Commit}.or(recorded())
}

// or returns r with the parts that it lacks from other.
func (r release) or(other release) release {
	return release{version: cmp.Or(r.version, other.version, unknown), commit: cmp.Or(r.commit, other.commit, unknown)}
}

// recorded returns the release that Go recorded at the build, as far as it did.
func recorded() release {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release{}
	}
	r := release{version: info.Main.Version}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			r.commit = setting.Value
		}
	}
	return r
}

// line is what a process answers to --version.
func (r release) line(name string) string {
	return fmt.Sprintf("%s %s (%s)", name, r.version, r.commit)
}

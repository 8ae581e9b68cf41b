package skew

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"souk/deploy/local/stack"
	"souk/testkit/contract"
	"souk/testkit/devserver"
	"souk/tools/release/git"
	"souk/tools/release/record"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// recorded returns the releases in deploy/releases.json.
func recorded(t *testing.T) record.Releases {
	t.Helper()
	releases, err := record.Read(root(t))
	if err != nil {
		t.Fatal(err)
	}
	return releases
}

// lastRelease returns the last release of a part. The test is skipped if this clone is too shallow to have its sources.
func lastRelease(t *testing.T, part string) record.Release {
	t.Helper()
	last, released := recorded(t).Last(part)
	if !released {
		t.Fatalf("%s was never released", part)
	}
	if err := git.Repository(root(t)).Has(t.Context(), last.Commit); errors.Is(err, git.ErrShallow) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	return last
}

// building is held while a released binary is built, because several tests want the same ones.
var building sync.Mutex

// released returns the folder with the binary of a part's last release. It is built once, from the sources of the release, and kept in
// .souk/releases.
func released(t *testing.T, part string) string {
	t.Helper()
	last := lastRelease(t, part)
	building.Lock()
	defer building.Unlock()
	folder := filepath.Join(root(t), ".souk", "releases", part+"-"+last.Version+"-"+last.Commit[:12])
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	sources := t.TempDir()
	if err := git.Repository(root(t)).Unpack(t.Context(), last.Commit, sources); err != nil {
		t.Fatal(err)
	}
	// Under another name first, so that a build that is cut off leaves no folder of that name.
	partial := folder + ".partial"
	if err := os.MkdirAll(partial, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := stack.Compile(t.Context(), filepath.Join(sources, record.Folder(part)), filepath.Join(partial, part), last.Flags()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(partial, folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// releasedContract returns the openapi.yaml of the gateway's last release.
func releasedContract(t *testing.T) *contract.Contract {
	t.Helper()
	content, err := git.Repository(root(t)).Bytes(t.Context(), "show", lastRelease(t, stack.Gateway).Commit+":gateway/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := contract.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const someCommit = "322353aa028a2ca5312269cdbbe749bbfefca5ee"

func TestARecordThatWillNotDoIsRefused(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		`[]`: "cannot unmarshal",
		`{"orders": [{"version": "1.0", "commit": "` + someCommit + `"}]}`:                                                          "not a version",
		`{"orders": [{"version": "1.0.0-dev", "commit": "` + someCommit + `"}]}`:                                                    "not a version",
		`{"orders": [{"version": "1.0.0", "commit": "322353a"}]}`:                                                                   "full hash",
		`{"orders": [{"version": "1.2.0", "commit": "` + someCommit + `"}, {"version": "1.2.0", "commit": "` + someCommit + `"}]}`:  "does not ascend",
		`{"orders": [{"version": "1.10.0", "commit": "` + someCommit + `"}, {"version": "1.9.0", "commit": "` + someCommit + `"}]}`: "does not ascend",
	} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, "deploy"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(root); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", content, err, want)
		}
	}
}

func TestTheNextVersion(t *testing.T) {
	t.Parallel()
	all := Releases{"orders": {{"1.0.0", someCommit}, {"1.9.3", someCommit}}, "wishlists": nil}
	for _, test := range []struct {
		part string
		bump Bump
		want string
	}{{"orders", Patch, "1.9.4"}, {"orders", Minor, "1.10.0"}, {"wishlists", Minor, "1.0.0"}} {
		if got, err := all.Next(test.part, test.bump); err != nil || got != test.want {
			t.Errorf("%s: %s, %v; want %s", test.part, got, err, test.want)
		}
	}
	if !Older("1.9.4", "1.10.0") || Older("1.10.0", "1.10.0") {
		t.Error("1.9.4 is older than 1.10.0, which is not older than itself")
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"souk/tools/release/git"
	"souk/tools/release/record"
)

// here is the repository that these tests are in.
func here(t *testing.T) shop {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return shop{root: root, out: os.Stderr}
}

func TestEveryPartOfTheShopIsListed(t *testing.T) {
	t.Parallel()
	s := here(t)
	releases, err := record.Read(s.root)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(s.path("services", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("%d services, %v", len(folders), err)
	}
	parts := []string{record.Gateway}
	for _, folder := range folders {
		parts = append(parts, filepath.Base(folder))
	}
	for _, part := range parts {
		if _, listed := releases[part]; !listed {
			t.Errorf("deploy/releases.json does not list %s", part)
		}
	}
	if len(releases) != len(parts) {
		t.Errorf("deploy/releases.json lists %d parts, and the shop has %d", len(releases), len(parts))
	}
}

func TestEveryReleaseCanBeBuiltAgainAndIsExplained(t *testing.T) {
	t.Parallel()
	s := here(t)
	releases, err := record.Read(s.root)
	if err != nil {
		t.Fatal(err)
	}
	for part, all := range releases {
		for _, r := range all {
			if err := s.git().Has(t.Context(), r.Commit); errors.Is(err, git.ErrShallow) {
				t.Skip(err)
			} else if err != nil {
				t.Errorf("%s %s: %v", part, r.Version, err)
			}
			content, err := os.ReadFile(s.path(record.Folder(part), "CHANGELOG.md"))
			if heading := regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(r.Version) + `\b`); err != nil || !heading.Match(content) {
				t.Errorf("%s/CHANGELOG.md has no heading %s: %v", record.Folder(part), r.Version, err)
			}
		}
	}
}

// scratch is a clone in which a test commits and releases.
type scratch struct {
	shop
	printed *bytes.Buffer
}

// newScratch clones what is committed, and builds the tools that compare contracts.
func newScratch(t *testing.T) scratch {
	t.Helper()
	from, dir := here(t), t.TempDir()
	tools := exec.CommandContext(t.Context(), from.path("tools", "build"), "buf", "oasdiff")
	if output, err := tools.CombinedOutput(); err != nil {
		t.Fatalf("tools/build: %v\n%s", err, output)
	}
	t.Setenv("PATH", from.path(".souk", "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if _, err := from.git().Run(t.Context(), "clone", "--quiet", "--shared", from.root, dir); err != nil {
		t.Fatal(err)
	}
	printed := &bytes.Buffer{}
	s := scratch{shop{root: dir, out: printed}, printed}
	releases, err := record.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for part := range releases {
		if last, released := releases.Last(part); released && errors.Is(s.git().Has(t.Context(), last.Commit), git.ErrShallow) {
			t.Skip(git.ErrShallow)
		}
	}
	s.recordHead(t)
	return s
}

// recordHead has everything released at what is checked out, so that a test sees its own changes alone.
func (s scratch) recordHead(t *testing.T) {
	t.Helper()
	releases, err := record.Read(s.root)
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.git().Run(t.Context(), "rev-parse", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	for part := range releases {
		releases[part] = []record.Release{{Version: "1.0.0", Commit: head}}
	}
	if err := releases.Write(s.root); err != nil {
		t.Fatal(err)
	}
	s.commitAll(t, "Record")
}

// change replaces a text that stands in a file, and commits.
func (s scratch) change(t *testing.T, file, text, by string) {
	t.Helper()
	content, err := os.ReadFile(s.path(file))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(content), text, by, 1)
	if changed == string(content) {
		t.Fatalf("%s does not have %q", file, text)
	}
	if err := os.WriteFile(s.path(file), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	s.commitAll(t, "Change "+file)
}

func (s scratch) commitAll(t *testing.T, subject string) {
	t.Helper()
	for _, args := range [][]string{{"add", "--all"}, {"-c", "user.name=Test", "-c", "user.email=test@souk.example", "commit", "--quiet", "-m", subject}} {
		if _, err := s.git().Run(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
}

// says runs the command, and returns what it prints and its error.
func (s scratch) says(ctx context.Context, args ...string) (string, error) {
	s.printed.Reset()
	err := command(ctx, s.shop, args)
	return s.printed.String(), err
}

func TestAServiceIsReleasedAlone(t *testing.T) {
	s := newScratch(t)
	said, err := s.says(t.Context(), "plan", "orders", "1.0.1")
	if err == nil || !strings.Contains(err.Error(), "has changes") {
		t.Errorf("nothing changed: %v\n%s", err, said)
	}
	s.change(t, "services/orders/cmd/orders/main.go", "// Command orders", "// A note.\n\n// Command orders")
	s.change(t, "services/carts/cmd/carts/main.go", "// Command carts", "// A note.\n\n// Command carts")
	said, err = s.says(t.Context(), "plan", "orders")
	if err != nil || !strings.Contains(said, "Next: 1.0.1, a patch") || strings.Contains(said, "carts") {
		t.Errorf("a change: %v\n%s", err, said)
	}
	s.change(t, "proto/souk/orders/v1/orders.proto", "syntax =", "// A note.\nsyntax =")
	said, err = s.says(t.Context(), "plan", "orders", "1.0.1")
	if err == nil || !strings.Contains(err.Error(), "1.0.1 is lower than 1.1.0") || !strings.Contains(said, "proto/souk/orders/v1/orders.proto") {
		t.Errorf("a version that is too low: %v\n%s", err, said)
	}
	head, err := s.git().Run(t.Context(), "rev-parse", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	said, err = s.says(t.Context(), "plan", "orders", "1.1.0")
	if err != nil || !strings.Contains(said, "git tag services/orders/v1.1.0 "+head) {
		t.Errorf("release: %v\n%s", err, said)
	}
	releases, err := record.Read(s.root)
	if want := (record.Release{Version: "1.1.0", Commit: head}); err != nil || len(releases["orders"]) != 2 || releases["orders"][1] != want || len(releases["carts"]) != 1 {
		t.Errorf("recorded: %v, %v", releases, err)
	}
	changelog, err := os.ReadFile(s.path("services", "orders", "CHANGELOG.md"))
	newest, oldest := strings.Index(string(changelog), "\n## 1.1.0"), strings.Index(string(changelog), "\n## 1.0.0")
	if err != nil || newest < 0 || newest > oldest || !strings.Contains(string(changelog), "- Change services/orders/cmd/orders/main.go\n") {
		t.Errorf("CHANGELOG.md: %v\n%s", err, changelog)
	}
	if said, err := s.says(t.Context(), "commit", "orders", "1.1.0"); err != nil || said != head+"\n" {
		t.Errorf("its commit: %q, %v; want %s", said, err, head)
	}
}

func TestAReleaseThatBreaksAContractIsRefused(t *testing.T) {
	s := newScratch(t)
	if said, err := s.says(t.Context(), "check"); err != nil {
		t.Fatalf("before: %v\n%s", err, said)
	}
	s.change(t, "proto/souk/payments/v1/payments.proto", "string order_id = 2;", "string order_id = 22;")
	s.change(t, "gateway/openapi.yaml", "  /v1/orders/{id}/cancellation:\n", "  /v1/orders/{id}/cancellations:\n")
	for part, want := range map[string][]string{
		"payments": {"rule of buf breaking", `"order_id"`}, // which serves the contract
		"orders":   {"rule of buf breaking", `"order_id"`}, // which calls it
		"gateway":  {"rule of oasdiff breaking", "/v1/orders/{id}/cancellation"},
		"carts":    nil, // which does neither
	} {
		said, err := s.says(t.Context(), "plan", part)
		if want == nil && err != nil {
			t.Errorf("%s: %v\n%s", part, err, said)
		}
		for _, text := range want {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v; want %q in it", part, err, text)
			}
		}
	}
	_, err := s.says(t.Context(), "check")
	if err == nil || !strings.Contains(err.Error(), "buf breaking") || !strings.Contains(err.Error(), "oasdiff breaking") {
		t.Errorf("check: %v", err)
	}
}

func TestAReleaseIsOfCommittedFiles(t *testing.T) {
	s := newScratch(t)
	const file = "services/orders/cmd/orders/main.go"
	s.change(t, file, "// Command orders", "// A note.\n\n// Command orders")
	if err := os.WriteFile(s.path(file), []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := s.says(t.Context(), "plan", "orders", "1.0.1"); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v\n%s", err, said)
	}
}

func TestTagsAreThoseOfTheFile(t *testing.T) {
	s := newScratch(t)
	for range 2 {
		if said, err := s.says(t.Context(), "tags"); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	tags, err := s.lines(t.Context(), "tag", "--list", "*/v1.0.0")
	if err != nil || !slices.Contains(tags, "services/orders/v1.0.0") || !slices.Contains(tags, "gateway/v1.0.0") {
		t.Errorf("tags %v, %v", tags, err)
	}
	if _, err := s.git().Run(t.Context(), "tag", "--force", "gateway/v1.0.0", "HEAD"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.says(t.Context(), "tags"); err == nil || !strings.Contains(err.Error(), "gateway/v1.0.0") {
		t.Errorf("a tag at another commit: %v", err)
	}
}

func TestCommandsThatWillNotDo(t *testing.T) {
	t.Parallel()
	s := here(t)
	for _, args := range [][]string{nil, {"plan"}, {"plan", "nobody"}, {"unknown"}, {"commit", "orders", "0.0.1"}} {
		if err := command(t.Context(), s, args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A claim's command, as the table in docs/claims.md has it.
var command = regexp.MustCompile("`cd ([^ ]+) && go test ([^ ]+) -run '?([^'`]+?)'?(?: -v)?`")

func TestTheCommandsOfTheClaimsRunTests(t *testing.T) {
	t.Parallel()
	claims, err := os.ReadFile(filepath.Join(root(t), "docs", "claims.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := command.FindAllStringSubmatch(string(claims), -1)
	if len(commands) < 40 {
		t.Fatalf("only %d commands were found", len(commands))
	}
	for _, c := range commands {
		// In a table a bar is escaped. What follows a slash chooses subtests.
		pattern, _, _ := strings.Cut(strings.ReplaceAll(c[3], `\|`, "|"), "/")
		chosen, err := regexp.Compile(pattern)
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
			continue
		}
		if !slices.ContainsFunc(testsIn(t, filepath.Join(root(t), c[1], c[2])), chosen.MatchString) {
			t.Errorf("%s runs no test", c[0])
		}
	}
}

// testsIn returns the names of the tests in a folder, and if it ends with "...", in those below it. Listing them with go test took
// ten minutes.
func testsIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	top, deep := strings.CutSuffix(folder, "...")
	err := filepath.WalkDir(filepath.Clean(top), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && !deep && path != filepath.Clean(top):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" {
				names = append(names, f.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A link to a file or a part of it: [text](file), [text](file#part), [text](#part).
var link = regexp.MustCompile(`\]\(([^)#: ]*)(?:#([^)]*))?\)`)

func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range link.FindAllStringSubmatch(string(text), -1) {
			checked++
			target := filepath.Join(filepath.Dir(document), l[1])
			if l[1] == "" {
				target = document
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", document, l[1])
			} else if l[2] != "" && filepath.Ext(target) == ".md" && !slices.Contains(anchors(t, target), l[2]) {
				t.Errorf("%s: %s has no heading %s", document, target, l[2])
			}
		}
	}
	if checked < 150 {
		t.Errorf("only %d links were found", checked)
	}
}

var (
	heading       = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnAnchor = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors returns the names by which links find the headings of a document, as GitHub makes them.
func anchors(t *testing.T, document string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heading.FindAllStringSubmatch(string(text), -1) {
		names = append(names, strings.ReplaceAll(notInAnAnchor.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return names
}

// A row of a recipe: | `file`, `other.go` | change |
var recipeRow = regexp.MustCompile("(?m)^\\| (`[^|]*) \\| ([^|]*)")

// A path in a recipe, from the root of the repository.
var recipePath = regexp.MustCompile("`([a-z0-9]+/[^`…]+)`")

func TestFilesInTheRecipesExist(t *testing.T) {
	t.Parallel()
	recipes, err := os.ReadFile(filepath.Join(root(t), "docs", "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, row := range recipeRow.FindAllStringSubmatch(string(recipes), -1) {
		if strings.HasPrefix(row[2], "new:") {
			continue
		}
		for _, path := range recipePath.FindAllStringSubmatch(row[1], -1) {
			checked++
			if _, err := os.Stat(filepath.Join(root(t), path[1])); err != nil {
				t.Errorf("docs/recipes.md names %s, which does not exist", path[1])
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d files were found", checked)
	}
}

// A row of the table that says in which file each rule of a service is: | question? | [`file`](internal/file) |
var questionRow = regexp.MustCompile(`(?m)^\| [^|]*\? \| .*\]\(.*\|$`)

func TestEveryServiceSaysInWhichFileItsRulesAre(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob(filepath.Join(root(t), "services", "*", "README.md"))
	if err != nil || len(documents) == 0 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		if rows := questionRow.FindAllString(string(text), -1); len(rows) < 5 {
			t.Errorf("%s answers %d questions with a link to a file, want 5 at least", document, len(rows))
		}
	}
}

// documents returns the paths of all Markdown files of the repository.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != root(t) || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

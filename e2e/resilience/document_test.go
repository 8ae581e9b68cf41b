package resilience

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"souk/testkit/devserver"
)

// row is what a shopper gets, by journey, while something is the matter with a dependency.
type row struct {
	dependency, fault string
	cells             map[string]string
}

func (r row) String() string { return r.dependency + "/" + r.fault }

// readTable reads the table of docs/resilience.md. It must have a row for each fault of each dependency, and then that of
// oneOfTwo, a column for each journey, and in each cell one of the words. The last row is returned apart.
func readTable(t *testing.T) (rows []row, last row) {
	t.Helper()
	rows, err := parse(document(t))
	if err != nil {
		t.Fatalf("docs/resilience.md: %v", err)
	}
	return rows[:len(rows)-1], rows[len(rows)-1]
}

// document returns docs/resilience.md.
func document(t *testing.T) string {
	t.Helper()
	root, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "resilience.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(text string) ([]row, error) {
	var header []string
	var rows []row
	for line := range strings.Lines(text) {
		fields := fieldsOf(line)
		switch {
		case len(fields) > 1 && fields[0] == "dependency" && fields[1] == "fault":
			header = fields
		case header != nil && len(fields) == 0:
			return rows, complete(header, rows)
		case header != nil && !strings.HasPrefix(fields[0], "---"):
			r, err := rowOf(header, fields)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
	}
	return rows, complete(header, rows)
}

// fieldsOf returns the cells of a line of a table; none if it is no such line.
func fieldsOf(line string) []string {
	line, ok := strings.CutPrefix(strings.TrimSpace(line), "|")
	if !ok {
		return nil
	}
	fields := strings.Split(strings.TrimSuffix(line, "|"), "|")
	for i, f := range fields {
		fields[i] = strings.TrimSpace(f)
	}
	return fields
}

func rowOf(header, fields []string) (row, error) {
	r := row{dependency: fields[0], fault: fields[min(1, len(fields)-1)], cells: map[string]string{}}
	if len(fields) != len(header) {
		return r, fmt.Errorf("the row %s, %s has %d cells, want %d", r.dependency, r.fault, len(fields), len(header))
	}
	for i, cell := range fields[2:] {
		for word := range strings.SplitSeq(cell, ", ") {
			if !slices.Contains(words, word) {
				return r, fmt.Errorf("%s/%s/%s: %q is none of %q", r.dependency, r.fault, header[i+2], cell, words)
			}
		}
		r.cells[header[i+2]] = cell
	}
	return r, nil
}

// complete reports what is missing, or there twice.
func complete(header []string, rows []row) error {
	var wanted, found []string
	for _, j := range journeys {
		wanted = append(wanted, j.name)
	}
	if !slices.Equal(header[min(2, len(header)):], wanted) {
		return fmt.Errorf("the columns are %q, want %q", header, wanted)
	}
	wanted = nil
	for _, dependency := range dependencies {
		for _, fault := range faults {
			wanted = append(wanted, dependency+" "+fault)
		}
	}
	wanted = append(wanted, oneOfTwo+" "+wrong)
	for _, r := range rows {
		found = append(found, r.dependency+" "+r.fault)
	}
	if !slices.Equal(found, wanted) {
		return fmt.Errorf("the rows are %q, want %q", found, wanted)
	}
	return nil
}

func TestATableThatLacksSomethingIsRefused(t *testing.T) {
	t.Parallel()
	whole := document(t)
	if _, err := parse(whole); err != nil {
		t.Fatal(err)
	}
	start := strings.Index(whole, "| catalog | down |")
	line := whole[start : start+strings.Index(whole[start:], "\n")+1]
	cut := strings.LastIndex(strings.TrimSuffix(line, "|\n"), "|")
	for name, text := range map[string]string{
		"no table":          "",
		"a row is missing":  strings.Replace(whole, line, "", 1),
		"a row twice":       strings.Replace(whole, line, line+line, 1),
		"a cell is missing": strings.Replace(whole, line, line[:cut]+"|\n", 1),
		"an empty cell":     strings.Replace(whole, line, line[:cut]+"| |\n", 1),
		"an unknown word":   strings.Replace(whole, line, line[:cut]+"| fine |\n", 1),
		"another column":    strings.Replace(whole, "| browse |", "| look |", 1),
	} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

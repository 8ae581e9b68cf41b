package structure

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A row of the table in docs/personal-data.md: the part, what it stores, what is in the export, and the rest.
var personalDataRow = regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \| ([^|]+) \| .*\|$`)

// What docs/personal-data.md says of the export is what the contract has.
func TestTheExportHasThePersonalDataThatTheDocumentTellsOf(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root(t), "gateway", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	inContract := slices.Sorted(maps.Keys(spec.Components.Schemas["Export"].Value.Properties))
	told := map[string]bool{"exported_at": true}
	rows := 0
	for _, row := range personalDataRow.FindAllStringSubmatch(content(t, "docs/personal-data.md"), -1) {
		if row[1] == "part" || strings.HasPrefix(row[1], "---") {
			continue
		}
		rows++
		fields := regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[2], -1)
		for _, field := range fields {
			told[field[1]] = true
		}
		if len(fields) == 0 && !strings.HasPrefix(row[2], "no: ") && row[2] != "–" {
			t.Errorf("%s: %q says neither what is in the export nor why nothing is", row[1], row[2])
		}
	}
	if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, inContract) || rows < 9 {
		t.Errorf("docs/personal-data.md has %d rows and tells of %v, openapi.yaml of %v", rows, got, inContract)
	}
}

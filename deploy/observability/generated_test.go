package observability_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"souk/deploy/observability/dashboard"
	"souk/deploy/observability/slo"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	want, err := dashboard.All()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		if content, err := os.ReadFile(filepath.Join("dashboards", name)); err != nil || string(content) != string(text) {
			t.Errorf("dashboards/%s is not what make gen writes: %v", name, err)
		}
	}
	if found := files(t, "dashboards/*"); len(found) != len(want) {
		t.Errorf("dashboards are %v, want %v", found, slices.Sorted(maps.Keys(want)))
	}
	if content, err := os.ReadFile("rules/slo.yml"); err != nil || string(content) != slo.Rules() {
		t.Errorf("rules/slo.yml is not what make gen writes: %v", err)
	}
}

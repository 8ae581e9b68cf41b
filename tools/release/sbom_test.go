package main

import (
	"runtime/debug"
	"slices"
	"testing"
)

func TestAModuleThatAnSBOMLacksIsNamed(t *testing.T) {
	t.Parallel()
	const document = `{"spdxVersion": "SPDX-2.3", "packages": [
		{"name": "github.com/jackc/pgx/v5", "versionInfo": "v5.12.0"},
		{"name": "google.golang.org/grpc", "versionInfo": "v1.84.0"},
		{"name": "souk/platform", "versionInfo": "UNKNOWN"}
	]}`
	modules := []*debug.Module{
		{Path: "github.com/jackc/pgx/v5", Version: "v5.12.0"},
		{Path: "google.golang.org/grpc", Version: "v1.85.0"},
		{Path: "souk/platform", Version: "v0.0.0", Replace: &debug.Module{Path: "../../platform"}},
		{Path: "souk/proto", Version: "v0.0.0", Replace: &debug.Module{Path: "../../proto"}},
	}
	missing, err := unlisted(modules, []byte(document))
	if want := []string{"google.golang.org/grpc@v1.85.0", "souk/proto"}; err != nil || !slices.Equal(missing, want) {
		t.Errorf("missing: %v, %v", missing, err)
	}
}

func TestAnSBOMThatIsNoJSONIsRefused(t *testing.T) {
	t.Parallel()
	if missing, err := unlisted(nil, []byte("SPDXVersion: SPDX-2.3")); err == nil {
		t.Errorf("missing: %v", missing)
	}
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"souk/tools/release/record"
)

// sources are the folders from which the binary of a part is made, from the root of the repository.
type sources struct {
	// module is the part's own folder.
	module string
	// platform are the shared packages that are linked into the binary.
	platform []string
	// contracts are the packages of proto that are linked into it: those that it serves, and those that it calls.
	contracts []string
}

// sourcesOf asks Go what the binary of a part is made from.
func (s shop) sourcesOf(ctx context.Context, part string) (sources, error) {
	found := sources{module: record.Folder(part)}
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{.ImportPath}}", "./cmd/"+part)
	cmd.Dir = s.path(found.module)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return sources{}, fmt.Errorf("go list of %s: %w", part, err)
	}
	for path := range strings.Lines(string(output)) {
		path = strings.TrimSpace(path)
		if contract, ok := strings.CutPrefix(path, "souk/proto/gen/"); ok {
			found.contracts = append(found.contracts, "proto/"+contract)
		} else if folder, ok := strings.CutPrefix(path, "souk/platform/"); ok {
			found.platform = append(found.platform, "platform/"+folder)
		}
	}
	return found, nil
}

// paths returns what git has to look at for changes of the binary. Tests and documents are not among them.
func (f sources) paths() []string {
	paths := []string{f.module}
	paths = append(paths, f.platform...)
	paths = append(paths, f.contracts...)
	return append(paths, ":(exclude,glob)**/*_test.go", ":(exclude,glob)**/testdata/**", ":(exclude,glob)**/*.md")
}

// promises returns the paths whose change is more than a patch: the part's own contract, and its migrations.
func (f sources) promises() []string {
	name := filepath.Base(f.module)
	if f.module == record.Gateway {
		return []string{"gateway/openapi.yaml"}
	}
	return []string{"proto/souk/" + name, f.module + "/internal/postgres/migrations"}
}

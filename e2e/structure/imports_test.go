package structure

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"souk/deploy/local/stack"
)

// The rooms of a service that each room imports, besides the domain.
var roomsBelow = map[string][]string{
	"cmd": {"app"}, "app": {"grpcapi", "postgres", "mongo", "peers"},
	"grpcapi": {}, "postgres": {}, "mongo": {}, "peers": {},
}

// importsOf returns what the files below dir import, tests left out.
func importsOf(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			paths = append(paths, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestImportsOfAServiceRunOneWay(t *testing.T) {
	t.Parallel()
	for _, service := range stack.Services {
		rooms := map[string][]string{service: {}}
		for room, below := range roomsBelow {
			rooms[room] = below
		}
		checked := 0
		for room, below := range rooms {
			dir := filepath.Join(root(t), "services", service, "internal", room)
			if room == "cmd" {
				dir = filepath.Join(root(t), "services", service, "cmd")
			}
			if matches, _ := filepath.Glob(dir); len(matches) == 0 {
				continue // not every service has a mongo and peers
			}
			checked++
			for _, path := range importsOf(t, dir) {
				other, isRoom := strings.CutPrefix(path, "souk/services/"+service+"/internal/")
				if _, known := roomsBelow[other]; isRoom && known && other != room && !slices.Contains(below, other) {
					t.Errorf("%s of %s imports %s", room, service, other)
				}
			}
		}
		if checked < 5 {
			t.Errorf("%s has only %d of the rooms", service, checked)
		}
	}
}

// Command schemas makes the folder schemas anew from the OpenAPI document of an API server, for the kinds that the overlays use:
// schemas FOLDER DOCUMENT, where FOLDER is deploy/kubernetes. It names the kinds that the document does not know.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"souk/deploy/kubernetes/overlay"
	"souk/deploy/kubernetes/schema"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: schemas FOLDER DOCUMENT")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func generate(kubernetes, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var document schema.Document
	if err := json.Unmarshal(content, &document); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(document.Definitions) == 0 {
		return fmt.Errorf("%s has no definitions: it must be an OpenAPI 2 document", path)
	}
	used, err := kinds(kubernetes)
	if err != nil {
		return err
	}
	for kind := range used {
		text, err := document.Of(kind)
		if err != nil {
			return err
		}
		if text == nil {
			fmt.Printf("no schema of %s %s/%s\n", kind.Kind, kind.Group, kind.Version)
			continue
		}
		if err := os.WriteFile(filepath.Join(kubernetes, "schemas", kind.File()), append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// kinds returns the kinds of all objects in the overlays.
func kinds(kubernetes string) (map[schema.Kind]bool, error) {
	folders, err := overlay.Folders(kubernetes)
	if err != nil {
		return nil, err
	}
	used := map[schema.Kind]bool{}
	for _, folder := range folders {
		objects, err := overlay.Build(folder)
		if err != nil {
			return nil, err
		}
		for _, object := range objects.Resources() {
			id := object.GetGvk()
			used[schema.Kind{Group: id.Group, Version: id.Version, Kind: id.Kind}] = true
		}
	}
	return used, nil
}

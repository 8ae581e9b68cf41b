// Package overlay builds the overlays with Kustomize.
package overlay

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Folders returns the folders of all overlays. The argument is deploy/kubernetes.
func Folders(kubernetes string) (folders []string, err error) {
	overlays := filepath.Join(kubernetes, "overlays")
	entries, err := os.ReadDir(overlays)
	for _, entry := range entries {
		folders = append(folders, filepath.Join(overlays, entry.Name()))
	}
	return folders, err
}

// Build returns the objects of the overlay in a folder.
func Build(folder string) (resmap.ResMap, error) {
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	return objects, nil
}

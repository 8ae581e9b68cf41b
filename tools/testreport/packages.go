package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	aTest      = regexp.MustCompile(`(?m)^func (Test|Fuzz|Example)[^a-z]`)
	moduleLine = regexp.MustCompile(`(?m)^module (\S+)`)
)

// packagesWithTests returns the import paths of the packages below dir whose files hold tests. It looks at the files and does
// not ask go list, which leaves out files that build constraints exclude.
func packagesWithTests(dir string) ([]string, error) {
	root, module, err := moduleOf(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	err = filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && file != dir && isIgnored(entry.Name()) {
			return fs.SkipDir
		}
		if matched, _ := filepath.Match("*_test.go", entry.Name()); !matched {
			return nil
		}
		content, err := os.ReadFile(file)
		if err != nil || !aTest.Match(content) {
			return err
		}
		folder, err := filepath.Abs(filepath.Dir(file))
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, folder)
		names = append(names, path.Join(module, filepath.ToSlash(relative)))
		return err
	})
	slices.Sort(names)
	return slices.Compact(names), err
}

// isIgnored reports whether the go command leaves a folder of this name out of ./... (go help packages).
func isIgnored(folder string) bool {
	return folder == "testdata" || strings.HasPrefix(folder, "_") || strings.HasPrefix(folder, ".")
}

// moduleOf returns the folder and the path of the module that dir belongs to.
func moduleOf(dir string) (root, module string, err error) {
	if root, err = filepath.Abs(dir); err != nil {
		return "", "", err
	}
	for {
		content, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if match := moduleLine.FindSubmatch(content); err == nil && match != nil {
			return root, string(match[1]), nil
		}
		parent := filepath.Dir(root)
		if parent == root {
			return "", "", fmt.Errorf("%s is in no module", dir)
		}
		root = parent
	}
}

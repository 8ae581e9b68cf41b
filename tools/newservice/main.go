// Command newservice writes a new service into the repository: newservice NAME, where NAME is a plural such as wishlists. It copies the
// files in _template and makes the changes in changes.go; docs/adding-a-service.md explains both.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: make service NAME=wishlists")
		os.Exit(2)
	}
	// go run -C, which make service uses, starts the program in its own folder.
	if err := write(filepath.Join("..", ".."), "_template", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "newservice:", err)
		os.Exit(1)
	}
}

// The longest name fits, with its suffixes, into the names of environment variables, volumes and Go packages.
var plural = regexp.MustCompile(`^[a-z]{2,20}s$`)

// write writes the service with that name into the repository at root. It changes nothing if the name will not do, or if a file cannot
// be edited as planned.
func write(root, template, name string) error {
	if !plural.MatchString(name) {
		return fmt.Errorf("%q is no name for a service: it takes small letters and ends in s, like wishlists", name)
	}
	for _, folder := range []string{"services", "proto/souk", "e2e"} {
		if _, err := os.Stat(filepath.Join(root, folder, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the name is taken: %s/%s is there already", folder, name)
		}
	}
	names := namingOf(name)
	edited, err := edit(root, names)
	if err != nil {
		return err
	}
	copied, err := instantiate(template, names)
	if err != nil {
		return err
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(root, "services", model, file))
		if err != nil {
			return err
		}
		copied[filepath.Join("services", name, file)] = strings.ReplaceAll(string(content), model, name)
	}
	return errors.Join(save(root, edited), save(root, copied))
}

// instantiate returns the files of the template for the service, by their paths in the repository.
func instantiate(template string, names naming) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(template, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		place, err := filepath.Rel(template, names.Replace(path))
		files[place] = names.Replace(string(content))
		return err
	})
	return files, err
}

// save writes the files below root, each with the folders above it.
func save(root string, files map[string]string) error {
	for path, content := range files {
		content, err := tidy(path, content)
		if err != nil {
			return err
		}
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
)

// change puts text into a file, right after or right before another text, which stands there exactly once. That text should not contain
// spaces with which gofmt aligns columns, because a longer name in the next line changes them.
type change struct {
	file, after, before, text string
}

// edit returns the files of the repository that list services, with the new one among them, by their paths. The error names each file
// in which a place is not found, or found twice.
func edit(root string, names naming) (map[string]string, error) {
	files := map[string]string{}
	var errs []error
	for _, c := range changes {
		content, ok := files[c.file]
		if !ok {
			read, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(c.file)))
			if err != nil {
				return nil, err
			}
			content = string(read)
		}
		place := c.after + c.before
		if n := strings.Count(content, place); n != 1 {
			errs = append(errs, fmt.Errorf("%s has %q %d times, where the new service goes: correct tools/newservice/changes.go", c.file, place, n))
			continue
		}
		files[c.file] = strings.Replace(content, place, c.after+names.Replace(c.text)+c.before, 1)
	}
	return files, errors.Join(errs...)
}

// tidy formats a file of Go, which also sorts its imports: where a new one belongs depends on the name. Other files it leaves alone.
func tidy(path, content string) (string, error) {
	if filepath.Ext(path) != ".go" {
		return content, nil
	}
	formatted, err := format.Source([]byte(content))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return string(formatted), nil
}

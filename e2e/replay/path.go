package replay

import (
	"io"
	"os"
	"path/filepath"
)

// ReadPath reads a file of invoices, or all files of a folder in the order of their names.
func ReadPath(path string) (*Books, error) {
	names := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "*.csv")); err != nil {
			return nil, err
		}
	}
	var files []io.Reader
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		files = append(files, file)
	}
	return Read(files...)
}

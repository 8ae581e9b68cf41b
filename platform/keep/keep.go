// Package keep is responsible for what a process keeps on disk of what it last knew, so that it can start while those who
// told it are away.
package keep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Dir is the folder of one process. In an empty one, the zero value, nothing is kept and nothing found.
type Dir string

// Read returns what was kept under name, or nil if nothing was.
func (d Dir) Read(name string) ([]byte, error) {
	if d == "" {
		return nil, nil
	}
	content, err := os.ReadFile(d.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("kept %s: %w", name, err)
	}
	return content, nil
}

// Write keeps content under name, such as peers/orders.json. Whoever reads it, after a crash too, sees what was there
// before or all of content. It is for its owner's eyes only.
func (d Dir) Write(name string, content []byte) error {
	if d == "" {
		return nil
	}
	if err := d.write(d.path(name), content); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

func (d Dir) write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync() // or a crash could leave the name without the content
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

func (d Dir) path(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

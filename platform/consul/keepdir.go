package consul

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// KeepDir is the folder in which a process stores the last information from Consul, so that it can start while Consul is down. The
// zero value stores nothing and finds nothing.
type KeepDir string

// Read returns the content stored under name, or nil if there is none.
func (d KeepDir) Read(name string) ([]byte, error) {
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

// Write stores content under name, for example peers/orders.json. A reader sees either the old content or all of the new, even
// after a crash. Only the file's owner may read it.
func (d KeepDir) Write(name string, content []byte) error {
	if d == "" {
		return nil
	}
	if err := d.write(d.path(name), content); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

func (d KeepDir) write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync() // otherwise a crash could leave an empty file of that name
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

func (d KeepDir) path(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

package stack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// manifestFile is written last, so that a backup without it is not complete.
const manifestFile = "manifest.json"

// manifest lists what a backup consists of.
type manifest struct {
	Files []backedUp `json:"files"`
}

// backedUp is a file of a backup.
type backedUp struct {
	// Name is the path in the folder of the backup.
	Name string `json:"name"`
	// At is when reading its database began. What was committed later is not in it.
	At     time.Time `json:"at"`
	SHA256 string    `json:"sha256"`
}

// add adds a file of the backup in folder, whose database was read from a time on.
func (m *manifest) add(folder, name string, at time.Time) error {
	sum, err := sumOf(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	m.Files = append(m.Files, backedUp{Name: name, At: at.UTC(), SHA256: sum})
	return nil
}

// addFolder adds the files in a folder of the backup.
func (m *manifest) addFolder(folder, name string, at time.Time) error {
	entries, err := os.ReadDir(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := m.add(folder, filepath.Join(name, entry.Name()), at); err != nil {
			return err
		}
	}
	return nil
}

func (m *manifest) write(folder string) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, manifestFile), append(content, '\n'), 0o600)
}

// readManifest reads the manifest of a backup. It returns an error if the backup is not complete, or a file of it has changed.
func readManifest(folder string) (manifest, error) {
	var m manifest
	content, err := os.ReadFile(filepath.Join(folder, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s is not a complete backup: it has no %s", folder, manifestFile)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestFile, err)
	}
	for _, file := range m.Files {
		if !filepath.IsLocal(file.Name) {
			return m, fmt.Errorf("%s names %q, which is not in the backup", manifestFile, file.Name)
		}
		sum, err := sumOf(filepath.Join(folder, file.Name))
		if err != nil {
			return m, err
		}
		if sum != file.SHA256 {
			return m, fmt.Errorf("%s is not the file that was backed up", file.Name)
		}
	}
	return m, nil
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// fileTime is how reports are named by their time.
const fileTime = "20060102-150405"

// Save writes the report as JSON into a folder, named by its time, and returns the file's path.
func (r *Report) Save(dir string) (string, error) {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	return save(dir, r.At.Format(fileTime)+".json", content)
}

func save(dir, name string, content []byte) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, append(content, '\n'), 0o644)
}

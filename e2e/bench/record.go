package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Save writes the report as JSON into a folder, named by its time, and returns the file's path.
func (r *Report) Save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, r.At.Format("20060102-150405")+".json")
	return path, os.WriteFile(path, append(content, '\n'), 0o644)
}

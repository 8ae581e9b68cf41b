package stack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// secrets are what the shop makes up at its first start and keeps.
type secrets struct {
	// Database passwords, by service.
	Databases map[string]string `json:"databases"`
	Staff     string            `json:"staff"`
	Customer  string            `json:"customer"`
}

// loadSecrets reads the file at path, or writes one with new secrets.
func loadSecrets(path string) (secrets, error) {
	var s secrets
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newSecrets(path)
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func newSecrets(path string) (secrets, error) {
	s := secrets{Databases: map[string]string{}, Staff: rand.Text(), Customer: rand.Text()}
	for _, name := range Services {
		s.Databases[name] = rand.Text()
	}
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return s, err
	}
	return s, os.WriteFile(path, content, 0o600)
}

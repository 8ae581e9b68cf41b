package stack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/google/uuid"
)

// secrets are generated at the shop's first start and stored.
type secrets struct {
	// Database passwords, by service.
	Databases map[string]string `json:"databases"`
	Staff     string            `json:"staff"`
	Customer  string            `json:"customer"`
	// ConsulManagement is the token that manages Consul.
	ConsulManagement string            `json:"consul_management"`
	Consul           map[string]string `json:"consul"`
	// Clients are the secrets of the tools' OAuth clients, by the ID of the client with clientSuffix, so that no name is in this file twice.
	Clients map[string]string `json:"clients"`
}

const clientSuffix = "-client"

// loadSecrets reads the file at path and generates missing secrets; at the first start, all of them.
func loadSecrets(path string) (secrets, error) {
	s, err := readSecrets(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	s.complete()
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return s, err
	}
	return s, os.WriteFile(path, content, 0o600)
}

// readSecrets reads the file at path.
func readSecrets(path string) (secrets, error) {
	s := secrets{Databases: map[string]string{}, Consul: map[string]string{}, Clients: map[string]string{}}
	content, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *secrets) complete() {
	makeUp := func(text *string, make func() string) {
		if *text == "" {
			*text = make()
		}
	}
	makeUp(&s.Staff, rand.Text)
	makeUp(&s.Customer, rand.Text)
	makeUp(&s.ConsulManagement, uuid.NewString)
	for _, name := range Services {
		password := s.Databases[name]
		makeUp(&password, rand.Text)
		s.Databases[name] = password
	}
	for _, name := range append(slices.Clone(Services), Gateway, Audit, Mend) {
		token := s.Consul[name]
		makeUp(&token, uuid.NewString)
		s.Consul[name] = token
	}
	for _, tool := range Tools {
		secret := s.Clients[tool+clientSuffix]
		makeUp(&secret, rand.Text)
		s.Clients[tool+clientSuffix] = secret
	}
}

package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"souk/deploy/setup/cluster"
)

// ownSecret is the Secret in Kubernetes with all secrets, which only setup reads. It is what cfg.Dir is in containers.
const ownSecret = "setup-secrets"

// SecretName returns the name of the Secret in Kubernetes with the secrets of a container.
func SecretName(container string) string { return container + "-secrets" }

// ShareInCluster stores the secrets in Kubernetes: all of them in a Secret that only setup reads, and those of each container in a
// Secret of its own. Existing values stay. So an operator may set secrets before, and running it again changes nothing.
// If it fails in the middle, the next run goes on with the same secrets, because setup's own Secret is written first.
//
// It uses cfg.Dir, which must be empty.
func ShareInCluster(ctx context.Context, cfg Config, api *cluster.API) error {
	before, err := api.Read(ctx, ownSecret)
	if err != nil {
		return err
	}
	for name, value := range before {
		if err := write(filepath.Join(cfg.Dir, name), value, ownerOnly); err != nil {
			return err
		}
	}
	s, err := Keep(cfg)
	if err != nil {
		return err
	}
	all, err := files(cfg.Dir)
	if err != nil {
		return err
	}
	if err := api.Add(ctx, ownSecret, all); err != nil {
		return err
	}
	contents, err := s.Contents()
	errs := []error{err}
	if !cfg.hasCartsMongo() {
		delete(contents, cartsMongo)
	}
	for container, values := range contents {
		errs = append(errs, api.Add(ctx, SecretName(container), values))
	}
	return errors.Join(errs...)
}

// files returns the contents of the files in a folder, by name.
func files(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	contents := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("%s must contain only the secrets: %w", dir, err)
		}
		contents[entry.Name()] = string(content)
	}
	return contents, nil
}

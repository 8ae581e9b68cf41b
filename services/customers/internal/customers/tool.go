package customers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"souk/platform/security"
)

// scopesOfTools has the scopes of the shop's own tools, by the IDs of their clients. Who may mend is decided by the certificate.
var scopesOfTools = map[string][]string{
	"audit": {"inventory:read", "orders:read", "payments:read"},
	"demo":  {"catalog:write"},
	"mend":  {"inventory:read", "orders:read", "payments:read"},
}

// isTool reports whether an ID is that of a tool's client.
func isTool(id string) bool { return scopesOfTools[id] != nil }

// EnsureTools registers the OAuth clients of the shop's own tools, by their IDs, with these secrets. An empty secret registers none. A client
// with another secret or other scopes is replaced, so that its old secret is refused.
func (s *Service) EnsureTools(ctx context.Context, secrets map[string]Secret) error {
	for id, secret := range secrets {
		if secret == "" {
			continue
		}
		if err := s.ensureTool(ctx, id, secret); err != nil {
			return fmt.Errorf("register the client %s: %w", id, err)
		}
	}
	return nil
}

func (s *Service) ensureTool(ctx context.Context, id string, secret Secret) error {
	tool := Client{ID: id, Name: "The shop's " + id, Kind: OAuth, Scopes: scopesOfTools[id], SecretHash: hashOf(string(secret)), CreatedAt: now()}
	stored, err := s.store.FindClient(ctx, id)
	missing := errors.Is(err, ErrInvalidClient)
	switch {
	case err != nil && !missing:
		return err
	case !missing && same(stored.SecretHash, tool.SecretHash) && slices.Equal(stored.Scopes, tool.Scopes):
		return nil
	}
	created, err := tool.created(ctx)
	if err != nil {
		return err
	}
	if missing {
		err = s.store.InsertClient(ctx, tool, created)
	} else {
		err = s.store.ReplaceClient(ctx, stored, tool, created)
	}
	if errors.Is(err, ErrClientExists) {
		return nil // another replica was faster
	}
	if err != nil {
		return err
	}
	security.Log(ctx, security.ClientCreated, id)
	return nil
}

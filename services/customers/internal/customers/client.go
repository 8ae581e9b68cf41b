package customers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"souk/platform/access"
	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
)

var (
	// ErrInvalidClient is returned for the secret of a client that is wrong, expired or deleted.
	ErrInvalidClient = errors.New("the client or its secret is not valid")
	// ErrInvalidScope is returned for a scope that a client does not have.
	ErrInvalidScope = errors.New("the client does not have this scope")
	// ErrClientNotFound is returned for the deletion of a client that does not exist.
	ErrClientNotFound = errors.New("client not found")
	// ErrClientExists is returned by a store for a client whose ID another one has.
	ErrClientExists = errors.New("there is a client with this id")
	// ErrScopeNotHeld is returned for a client that would have a scope which its creator does not have.
	ErrScopeNotHeld = errors.New("nobody can give a scope that they do not have")
)

// ClientKind is how a client proves who it is. It is stored.
type ClientKind string

// The kinds of clients.
const (
	// OAuth clients get access tokens for their secrets.
	OAuth ClientKind = "oauth"
	// APIKey clients send their secrets with every request.
	APIKey ClientKind = "api_key"
)

// Client is a program of a partner.
type Client struct {
	ID     string
	Name   string
	Kind   ClientKind
	Scopes []string
	// SecretHash is the SHA-256 hash of the secret. It is empty for a client with a PublicKey.
	SecretHash []byte
	// PublicKey is the JWK with which assertions of an OAuth client are verified (AssertionToken).
	PublicKey string
	CreatedAt time.Time
	// ExpiresAt is zero for a client that does not expire, and LastUsedAt for one that was not used.
	ExpiresAt, LastUsedAt time.Time
}

// Clients stores clients.
type Clients interface {
	// InsertClient, ReplaceClient and DeleteClient add records to the audit log. InsertClient returns ErrClientExists.
	InsertClient(ctx context.Context, client Client, created audit.Record) error
	// ReplaceClient stores a client in place of one that was read. It does nothing if the stored one is another by now.
	ReplaceClient(ctx context.Context, old, client Client, created audit.Record) error
	// FindClient and FindClientByHash return ErrInvalidClient for a missing client.
	FindClient(ctx context.Context, id string) (Client, error)
	FindClientByHash(ctx context.Context, hash []byte) (Client, error)
	// ListClients returns clients with an ID greater than after, in the order of their IDs, at most limit.
	ListClients(ctx context.Context, after string, limit int) ([]Client, error)
	// UseClient stores when a client was used.
	UseClient(ctx context.Context, id string, at time.Time) error
	// DeleteClient does nothing for a client that does not exist.
	DeleteClient(ctx context.Context, id string, deleted audit.Record) error
}

// ClientGrant is an access token for a client that has proved who it is.
type ClientGrant struct {
	ClientID string
	Access   Secret
	Life     time.Duration
	Scopes   []string
}

// usedEvery is how exact LastUsedAt is: it is not written with every token.
const usedEvery = time.Hour

// CreateClient adds a client and returns its secret, which is not stored. A client with a public key has none. creator has the scopes of whoever adds it. It returns
// ErrScopeNotHeld, or a *field.Error for invalid input.
func (s *Service) CreateClient(ctx context.Context, client Client, creator access.Caller) (Client, Secret, error) {
	if err := checkClient(client); err != nil {
		return Client{}, "", err
	}
	for _, name := range client.Scopes {
		if scope, _ := access.ScopeNamed(name); !creator.Has(scope) {
			return Client{}, "", ErrScopeNotHeld
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Client{}, "", err
	}
	client.ID, client.Name, client.CreatedAt = id.String(), strings.TrimSpace(client.Name), now()
	secret := client.newSecret()
	if secret != "" {
		client.SecretHash = hashOf(secret)
	}
	created, err := client.created(ctx)
	if err != nil {
		return Client{}, "", err
	}
	if err := s.store.InsertClient(ctx, client, created); err != nil {
		return Client{}, "", err
	}
	security.Log(ctx, security.ClientCreated, client.ID)
	return client, Secret(secret), nil
}

// created returns the record of the client for the audit log.
func (c *Client) created(ctx context.Context) (audit.Record, error) {
	return audit.NewRecord(ctx, audit.Entry{
		Action: audit.ClientCreated, Kind: audit.Client, Subject: c.ID, Detail: map[string]string{"scopes": strings.Join(c.Scopes, " ")},
	})
}

// newSecret returns a secret for a client, or "" for one that proves with its private key who it is.
func (c *Client) newSecret() string {
	switch {
	case c.Kind == APIKey:
		return newKey()
	case c.PublicKey != "":
		return ""
	default:
		return newSecret()
	}
}

func checkClient(c Client) error {
	var check field.Checker
	check.CheckLine("name", c.Name, true, maxName)
	check.Check(c.Kind == OAuth || c.Kind == APIKey, "kind", "must be oauth or api_key")
	check.Check(len(c.Scopes) > 0, "scopes", "must name a scope at least")
	for i, name := range c.Scopes {
		_, known := access.ScopeNamed(name)
		check.Check(known && !slices.Contains(c.Scopes[:i], name), "scopes", "must name scopes, each once")
	}
	if c.PublicKey != "" {
		_, err := publicKeyOf(c.PublicKey)
		check.Check(err == nil, "public_key", errBadKey.Error())
		check.Check(c.Kind == OAuth, "public_key", "is for a client of kind oauth")
	}
	check.Check(c.ExpiresAt.IsZero() || c.ExpiresAt.After(time.Now()), "expires_at", "must be in the future")
	return check.Err()
}

// ListClients returns a page of clients, the oldest first, and the cursor of the next page, which is empty on the last one. It returns
// ErrBadCursor for a cursor that is none.
func (s *Service) ListClients(ctx context.Context, cursor string, limit int) (page []Client, next string, err error) {
	of := cursor
	if isTool(cursor) {
		of = "" // the IDs of tools are no UUIDs
	}
	limit, err = checkPage(of, limit)
	if err != nil {
		return nil, "", err
	}
	found, err := s.store.ListClients(ctx, cursor, limit+1)
	if err != nil {
		return nil, "", err
	}
	page, next = pageOf(found, limit, func(c Client) string { return c.ID })
	return page, next, nil
}

// DeleteClient deletes a client. It returns ErrClientNotFound for one that does not exist.
func (s *Service) DeleteClient(ctx context.Context, id string) error {
	client, err := s.store.FindClient(ctx, id)
	if errors.Is(err, ErrInvalidClient) {
		return ErrClientNotFound
	}
	if err != nil {
		return err
	}
	deleted, err := audit.NewRecord(ctx, audit.Entry{Action: audit.ClientDeleted, Kind: audit.Client, Subject: id})
	if err != nil {
		return err
	}
	// Derived from the client, so that a repeated deletion is recorded once. A tool with the same ID may be registered later, and deleted, too.
	deleted.ID = uuid.NewSHA1(uuid.NameSpaceURL, []byte("client deleted: "+id+" of "+client.CreatedAt.Format(time.RFC3339Nano))).String()
	if err := s.store.DeleteClient(ctx, id, deleted); err != nil {
		return err
	}
	security.Log(ctx, security.ClientDeleted, id)
	return nil
}

// ClientToken returns an access token for the secret of an OAuth client, with some of its scopes or, if none are named, all. It returns
// ErrInvalidClient and ErrInvalidScope.
func (s *Service) ClientToken(ctx context.Context, id string, secret Secret, scopes []string) (ClientGrant, error) {
	client, err := s.store.FindClient(ctx, id)
	if errors.Is(err, ErrInvalidClient) {
		return ClientGrant{}, refuseClient(ctx, "unknown")
	}
	if err != nil {
		return ClientGrant{}, err
	}
	if client.Kind != OAuth || !same(hashOf(string(secret)), client.SecretHash) {
		return ClientGrant{}, refuseClient(ctx, client.ID)
	}
	granted, err := client.granted(scopes)
	if err != nil {
		return ClientGrant{}, err
	}
	return s.grantTo(ctx, client, granted)
}

// granted returns the scopes of a token for which these were asked: all of the client if none were. It returns ErrInvalidScope.
func (c *Client) granted(asked []string) ([]string, error) {
	if len(asked) == 0 {
		return c.Scopes, nil
	}
	for _, scope := range asked {
		if !slices.Contains(c.Scopes, scope) {
			return nil, ErrInvalidScope
		}
	}
	return asked, nil
}

// grantTo returns a token with some of a client's scopes.
func (s *Service) grantTo(ctx context.Context, client Client, scopes []string) (ClientGrant, error) {
	client.Scopes = scopes
	token, life, err := s.tokenOf(ctx, client)
	return ClientGrant{ClientID: client.ID, Access: token, Life: life, Scopes: scopes}, err
}

// KeyToken returns an access token for an API key, or ErrInvalidClient.
func (s *Service) KeyToken(ctx context.Context, key Secret) (Secret, time.Duration, error) {
	if !isKey(string(key)) {
		return "", 0, refuseClient(ctx, "unknown")
	}
	client, err := s.store.FindClientByHash(ctx, hashOf(string(key)))
	if errors.Is(err, ErrInvalidClient) {
		return "", 0, refuseClient(ctx, "unknown")
	}
	if err != nil {
		return "", 0, err
	}
	if client.Kind != APIKey {
		return "", 0, refuseClient(ctx, client.ID)
	}
	return s.tokenOf(ctx, client)
}

// tokenOf returns a token for a client that has proved who it is.
func (s *Service) tokenOf(ctx context.Context, client Client) (Secret, time.Duration, error) {
	if !client.ExpiresAt.IsZero() && !client.ExpiresAt.After(time.Now()) {
		return "", 0, refuseClient(ctx, client.ID)
	}
	if time.Since(client.LastUsedAt) > usedEvery {
		if err := s.store.UseClient(ctx, client.ID, now()); err != nil {
			return "", 0, err
		}
	}
	return s.tokens.IssueToClient(client)
}

// refuseClient logs the use of a secret that is not valid.
func refuseClient(ctx context.Context, subject string) error {
	security.Log(ctx, security.ClientRefused, subject)
	return ErrInvalidClient
}

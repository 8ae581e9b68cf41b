package customers_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

// creator has every scope.
var creator = access.Caller{CustomerID: "boss", Scopes: access.AllScopes()}

func warehouse(kind customers.ClientKind) customers.Client {
	return customers.Client{Name: " The warehouse ", Kind: kind, Scopes: []string{"orders:read", "inventory:write"}}
}

func TestAnAPIKeyIsExchangedForATokenWithItsScopes(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ctx, events := securitytest.Record(t.Context(), t)
	client, key, err := o.CreateClient(ctx, warehouse(customers.APIKey), creator)
	if err != nil || client.Name != "The warehouse" || !strings.HasPrefix(string(key), "souk_") || len(key) != 54 {
		t.Fatalf("%+v, a key of %d characters, %v", client, len(key), err)
	}
	events.Expect(t, security.ClientCreated, client.ID)
	signed, life, err := o.KeyToken(ctx, key)
	if err != nil || life > 5*time.Minute {
		t.Fatalf("%v, %v", life, err)
	}
	caller, err := access.NewVerifier(newIssuer(t, o.store)).Verify(ctx, string(signed))
	want := []accessv1.Scope{accessv1.Scope_SCOPE_ORDERS_READ, accessv1.Scope_SCOPE_INVENTORY_WRITE}
	if err != nil || caller.ClientID != client.ID || caller.Authenticated() || !slices.Equal(caller.Scopes, want) {
		t.Errorf("%+v, %v", caller, err)
	}
	listed, next, err := o.ListClients(ctx, "", 0)
	if err != nil || next != "" || len(listed) != 1 || listed[0].LastUsedAt.IsZero() {
		t.Errorf("%+v, %q, %v", listed, next, err)
	}
	if err := o.DeleteClient(ctx, client.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.DeleteClient(ctx, client.ID); !errors.Is(err, customers.ErrClientNotFound) {
		t.Errorf("deleted again: %v", err)
	}
	events.Expect(t, security.ClientDeleted, client.ID)
	if _, _, err := o.KeyToken(ctx, key); !errors.Is(err, customers.ErrInvalidClient) {
		t.Errorf("the key of a client that is gone: %v", err)
	}
	events.Expect(t, security.ClientRefused, "unknown")
	if got := o.actions(t, client.ID); !slices.Equal(got, []audit.Action{audit.ClientDeleted, audit.ClientCreated}) {
		t.Errorf("the audit log: %v", got)
	}
}

func TestASecretIsStoredAsAHashAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	_, key, err := o.CreateClient(t.Context(), warehouse(customers.APIKey), creator)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := o.db.Collection("clients").FindOne(t.Context(), struct{}{}).Raw()
	if err != nil || strings.Contains(raw.String(), string(key)) || strings.Contains(raw.String(), string(key)[5:48]) {
		t.Errorf("the document has the key, or %v", err)
	}
}

func TestASecretThatIsNotValidGetsNoToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	_, key, err := o.CreateClient(t.Context(), warehouse(customers.APIKey), creator)
	if err != nil {
		t.Fatal(err)
	}
	client, secret, err := o.CreateClient(t.Context(), warehouse(customers.OAuth), creator)
	if err != nil {
		t.Fatal(err)
	}
	expiring := warehouse(customers.APIKey)
	expiring.ExpiresAt = time.Now().Add(50 * time.Millisecond)
	_, expired, err := o.CreateClient(t.Context(), expiring, creator)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(expiring.ExpiresAt))
	for name, text := range map[string]customers.Secret{
		"none": "", "the prefix": "souk_", "another's form": secret, "a character changed": key[:10] + "_" + key[11:], "cut": key[:53],
		"longer": key + "0", "another prefix": "SOUK_" + key[5:], "expired": expired,
	} {
		if _, _, err := o.KeyToken(t.Context(), text); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, try := range map[string]struct {
		id     string
		secret customers.Secret
	}{
		"a wrong secret": {client.ID, secret + "x"}, "no secret": {client.ID, ""}, "nobody": {uuid.NewString(), secret}, "no id": {"", secret},
		"an API key": {client.ID, key},
	} {
		if _, err := o.ClientToken(t.Context(), try.id, try.secret, nil); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.ClientToken(t.Context(), client.ID, secret, []string{"orders:write"}); !errors.Is(err, customers.ErrInvalidScope) {
		t.Errorf("a scope that the client does not have: %v", err)
	}
	if grant, err := o.ClientToken(t.Context(), client.ID, secret, []string{"orders:read"}); err != nil || !slices.Equal(grant.Scopes, []string{"orders:read"}) {
		t.Errorf("one of its scopes: %v, %v", grant.Scopes, err)
	}
}

func TestNobodyGivesAClientAScopeThatTheyDoNotHave(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	clerk := access.Caller{CustomerID: "clerk", Scopes: []accessv1.Scope{accessv1.Scope_SCOPE_CLIENTS_WRITE, accessv1.Scope_SCOPE_ORDERS_READ}}
	if _, _, err := s.CreateClient(t.Context(), warehouse(customers.OAuth), clerk); !errors.Is(err, customers.ErrScopeNotHeld) {
		t.Errorf("%v, want ErrScopeNotHeld", err)
	}
}

func TestANewClientNamesBadFields(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	create := func(ctx context.Context, change func(*customers.Client)) error {
		c := warehouse(customers.OAuth)
		change(&c)
		_, _, err := s.CreateClient(ctx, c, creator)
		return err
	}
	for name, test := range map[string]struct {
		field  string
		change func(*customers.Client)
	}{
		"no name":          {"name", func(c *customers.Client) { c.Name = " " }},
		"another kind":     {"kind", func(c *customers.Client) { c.Kind = "saml" }},
		"no scopes":        {"scopes", func(c *customers.Client) { c.Scopes = nil }},
		"an unknown scope": {"scopes", func(c *customers.Client) { c.Scopes = []string{"orders:own"} }},
		"a scope twice":    {"scopes", func(c *customers.Client) { c.Scopes = []string{"orders:read", "orders:read"} }},
		"the past":         {"expires_at", func(c *customers.Client) { c.ExpiresAt = time.Now().Add(-time.Minute) }},
	} {
		var invalid *field.Error
		if err := create(t.Context(), test.change); !errors.As(err, &invalid) || invalid.Violations[0].Field != test.field {
			t.Errorf("%s: %v, want a violation of %s", name, err, test.field)
		}
	}
}

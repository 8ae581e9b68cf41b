package customers_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"souk/platform/access"
	"souk/platform/audit"
	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

const (
	toolSecret  = customers.Secret("of the audit, from a file")
	otherSecret = customers.Secret("of the audit, from a newer file")
)

// ensureAudit registers the audit's client.
func ensureAudit(t *testing.T, o office) {
	t.Helper()
	if err := o.EnsureTools(t.Context(), map[string]customers.Secret{"audit": toolSecret, "demo": ""}); err != nil {
		t.Fatal(err)
	}
}

func TestAToolGetsATokenWithItsScopesAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ensureAudit(t, o)
	grant, err := o.ClientToken(t.Context(), "audit", toolSecret, nil)
	if err != nil || !slices.Equal(grant.Scopes, []string{"inventory:read", "orders:read", "payments:read"}) {
		t.Fatalf("%v, %v", grant.Scopes, err)
	}
	caller, err := access.NewVerifier(newIssuer(t, o.store)).Verify(t.Context(), string(grant.Access))
	if err != nil || caller.ClientID != "audit" || caller.Authenticated() || len(caller.Scopes) != 3 {
		t.Errorf("%+v, %v", caller, err)
	}
	if _, err := o.ClientToken(t.Context(), "audit", toolSecret, []string{"orders:write"}); !errors.Is(err, customers.ErrInvalidScope) {
		t.Errorf("a scope that the audit does not need: %v", err)
	}
	for _, secret := range []customers.Secret{"", toolSecret} {
		if _, err := o.ClientToken(t.Context(), "demo", secret, nil); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("a tool without a secret, with %q: %v", string(secret), err)
		}
	}
	raw, err := o.db.Collection("clients").FindOne(t.Context(), struct{}{}).Raw()
	if err != nil || strings.Contains(raw.String(), string(toolSecret)) {
		t.Errorf("the document has the secret, or %v", err)
	}
}

func TestToolsAreRegisteredOnceHoweverOftenAndByHoweverMany(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	for range 2 {
		var replicas sync.WaitGroup
		for range 8 {
			replicas.Go(func() { ensureAudit(t, o) })
		}
		replicas.Wait()
	}
	listed, _, err := o.ListClients(t.Context(), "", 0)
	if err != nil || len(listed) != 1 {
		t.Errorf("%d clients, %v", len(listed), err)
	}
	if got := o.actions(t, "audit"); !slices.Equal(got, []audit.Action{audit.ClientCreated}) {
		t.Errorf("the audit log: %v", got)
	}
}

func TestAnotherSecretOfAToolReplacesTheFormer(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ensureAudit(t, o)
	ctx, events := securitytest.Record(t.Context(), t)
	if err := o.EnsureTools(ctx, map[string]customers.Secret{"audit": otherSecret}); err != nil {
		t.Fatal(err)
	}
	events.Expect(t, security.ClientCreated, "audit")
	if _, err := o.ClientToken(t.Context(), "audit", toolSecret, nil); !errors.Is(err, customers.ErrInvalidClient) {
		t.Errorf("the former secret: %v", err)
	}
	if _, err := o.ClientToken(t.Context(), "audit", otherSecret, nil); err != nil {
		t.Errorf("the new secret: %v", err)
	}
	if got := o.actions(t, "audit"); !slices.Equal(got, []audit.Action{audit.ClientCreated, audit.ClientCreated}) {
		t.Errorf("the audit log: %v", got)
	}
}

func TestAToolThatWasDeletedIsRegisteredAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	for range 2 {
		ensureAudit(t, o)
		if err := o.DeleteClient(t.Context(), "audit"); err != nil {
			t.Fatal(err)
		}
		if _, err := o.ClientToken(t.Context(), "audit", toolSecret, nil); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("the secret of a tool that is gone: %v", err)
		}
	}
	want := []audit.Action{audit.ClientDeleted, audit.ClientCreated, audit.ClientDeleted, audit.ClientCreated}
	if got := o.actions(t, "audit"); !slices.Equal(got, want) {
		t.Errorf("the audit log: %v", got)
	}
}

func TestToolsAreListedWithTheOtherClientsInPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	if err := o.EnsureTools(t.Context(), map[string]customers.Secret{"audit": toolSecret, "demo": toolSecret, "mend": toolSecret}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.CreateClient(t.Context(), warehouse(customers.APIKey), creator); err != nil {
		t.Fatal(err)
	}
	var names []string
	for cursor := ""; ; {
		page, next, err := o.ListClients(t.Context(), cursor, 1)
		if err != nil || len(page) != 1 {
			t.Fatalf("%d clients after %q, %v", len(page), cursor, err)
		}
		names = append(names, page[0].Name)
		if cursor = next; cursor == "" {
			break
		}
	}
	if want := []string{"The warehouse", "The shop's audit", "The shop's demo", "The shop's mend"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if _, _, err := o.ListClients(t.Context(), "warehouse", 1); !errors.Is(err, customers.ErrBadCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

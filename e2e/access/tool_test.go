package access_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"souk/deploy/audit"
	"souk/deploy/audit/mend"
	"souk/deploy/local/stack"
	"souk/deploy/setup/demo"
	"souk/e2e/shop"
	"souk/platform/secret"
)

// auditing returns the settings of an audit or of mend with a client of its own, and without a person's password.
func auditing(tool string) audit.Config {
	return audit.Config{
		URL: running.URL(), ClientID: tool, ClientSecret: secret.Text(running.ClientSecret(tool)), Consul: running.ConsulConfig(tool),
	}
}

func TestEachToolWorksWithAClientOfItsOwn(t *testing.T) {
	if _, err := audit.Run(t.Context(), auditing(stack.Audit)); err != nil {
		t.Errorf("the audit: %v", err)
	}
	if _, err := mend.Run(t.Context(), mend.Config{Config: auditing(stack.Mend)}); err != nil {
		t.Errorf("mend: %v", err)
	}
	imported, err := demo.Fill(t.Context(), demo.Shop{
		URL: running.URL(), ClientID: stack.Demo, ClientSecret: running.ClientSecret(stack.Demo),
		CustomerEmail: uuid.NewString() + "@example.com", CustomerPassword: password,
	}, demo.Catalog)
	if err != nil || imported.Products < 60 {
		t.Errorf("the demo catalog: %+v, %v", imported, err)
	}
}

func TestAToolHasNoScopeThatItDoesNotNeed(t *testing.T) {
	reading := []string{"inventory:read", "orders:read", "payments:read"}
	needed := map[string][]string{stack.Audit: reading, stack.Demo: {"catalog:write"}, stack.Mend: reading}
	var listed struct {
		Items []struct {
			ID     string
			Scopes []string
		}
	}
	if err := boss(t).Do(t.Context(), http.MethodGet, "/v1/admin/clients?limit=100", nil, &listed); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, client := range listed.Items {
		if want := needed[client.ID]; want != nil {
			found++
			if !slices.Equal(client.Scopes, want) {
				t.Errorf("%s has %v, want %v", client.ID, client.Scopes, want)
			}
		}
	}
	if found != len(needed) {
		t.Errorf("%d of %d tools are among %v", found, len(needed), listed.Items)
	}
	for _, tool := range stack.Tools {
		reader := shop.New(running.URL())
		if _, _, err := reader.Login(t.Context(), running.StaffEmail(), running.ClientSecret(tool)); err == nil {
			t.Errorf("the secret of %s is the password of a person", tool)
		}
	}
}

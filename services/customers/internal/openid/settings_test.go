package openid_test

import (
	"strings"
	"testing"

	"souk/platform/secret"

	"souk/services/customers/internal/openid"
)

const good = `{"name": "corp", "issuer": "https://id.example.com", "client_id": "souk", "client_secret": "hush"`

func TestSettingsAreRead(t *testing.T) {
	t.Parallel()
	all, err := openid.Parse(secret.Text("[" + good + `, "scopes": ["groups"], "roles_claim": "groups", "roles": {"admins": "owner"}}]`))
	if err != nil || len(all) != 1 || all[0].ClientSecret != "hush" || all[0].Roles["admins"] != "owner" {
		t.Errorf("%+v, %v", all, err)
	}
	if none, err := openid.Parse(""); err != nil || len(none) != 0 {
		t.Errorf("without a setting: %v, %v", none, err)
	}
}

func TestAWrongSettingIsNamedWithoutSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`hush`:                                                        "no JSON array",
		`[` + good + `, "nam": 1}]`:                                   `no field "nam"`,
		`[` + good + `, "name": 1}]`:                                  "name",
		`[` + good + `}, ` + good + `}]`:                              "another one with the name",
		`[` + good + `, "name": "Corp"}]`:                             "name",
		`[` + good + `, "name": "a/b"}]`:                              "name",
		`[` + good + `, "issuer": "http://id.example.com"}]`:          "issuer",
		`[` + good + `, "issuer": "https://id.example.com?x"}]`:       "issuer",
		`[` + good + `, "client_id": ""}]`:                            "client_id",
		`[` + good + `, "client_secret": ""}]`:                        "client_secret",
		`[` + good + `, "roles_claim": "groups"}]`:                    "go together",
		`[` + good + `, "roles": {"admins": "owner"}}]`:               "go together",
		`[` + good + `, "roles_claim": "g", "roles": {"a": "king"}}]`: "king",
	} {
		_, err := openid.Parse(secret.Text(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := openid.Parse(secret.Text(`[` + good + `, "issuer": "http://127.0.0.1:9998"}]`)); err != nil {
		t.Errorf("a provider on this machine: %v", err)
	}
}

package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"souk/platform/secret"
)

const canary = "canary-7f3a"

type settings struct {
	Token   secret.Text
	URL     secret.URL
	Pointer *secret.Text
	List    []secret.Text
	Inner   struct{ Key secret.Text }
	ByName  map[string]secret.URL
}

func full() settings {
	token := secret.Text(canary)
	address := secret.URL("postgres://orders:" + canary + "@db:5432/orders?sslpassword=" + canary)
	s := settings{Token: token, URL: address, Pointer: &token, List: []secret.Text{token}, ByName: map[string]secret.URL{"a": address}}
	s.Inner.Key = token
	return s
}

func TestNoPrintShowsASecret(t *testing.T) {
	t.Parallel()
	s := full()
	var printed bytes.Buffer
	// All verbs but %p, which does not call any method; go vet refuses it for values that are not pointers.
	for _, verb := range "vTtbcdoOqxXUeEfFgGs" {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "20", ".3"} {
			format := "%" + flags + string(verb) + "\n"
			fmt.Fprintf(&printed, format, s)
			fmt.Fprintf(&printed, format, &s)
			fmt.Fprintf(&printed, format, s.Token)
			fmt.Fprintf(&printed, format, s.URL)
		}
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&printed, nil), slog.NewJSONHandler(&printed, nil)} {
		slog.New(handler).Info("settings", "all", s, "token", s.Token, "url", s.URL, "error", fmt.Errorf("open %s: %w", s.URL, fmt.Errorf("%q", s.Token)))
	}
	content, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	printed.Write(content)
	fmt.Fprintln(&printed, s.Token, s.URL, s)
	for line := range strings.Lines(printed.String()) {
		if strings.Contains(line, canary) || strings.Contains(strings.ToLower(line), fmt.Sprintf("%x", canary)) {
			t.Error(line)
		}
	}
	if !strings.Contains(string(content), `"Token":"[redacted]"`) {
		t.Errorf("JSON: %s", content)
	}
}

func TestAURLSaysWhereItLeads(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"postgres://orders:" + canary + "@db:5432/orders?sslmode=disable": "postgres://orders:xxxxx@db:5432/orders",
		"mongodb://carts-db:27017/carts":                                  "mongodb://carts-db:27017/carts",
		"mongodb://u:" + canary + "@a:1,b:2/carts":                        "mongodb://u:xxxxx@a:1,b:2/carts",
		"host=db password=" + canary:                                      "[redacted]",
		"postgres://u:12/" + canary + "@db/orders":                        "[redacted]",
		"postgres://u:a/" + canary + "@db/orders":                         "[redacted]",
		"postgres://db/orders#" + canary:                                  "postgres://db/orders",
		"orders:" + canary:                                                "[redacted]",
		"":                                                                "[redacted]",
	} {
		if got := secret.URL(given).String(); got != want {
			t.Errorf("%s is shown as %s, want %s", given, got, want)
		}
	}
}

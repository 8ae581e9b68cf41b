package app

import (
	"errors"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

// shop returns a service on a database of its own. The environment points commands to it.
func shop(t *testing.T) *customers.Service {
	t.Helper()
	db := mongotest.New(t)
	uri, err := url.Parse(os.Getenv(mongotest.Variable))
	if err != nil {
		t.Fatal(err)
	}
	uri.Path = "/" + db.Name()
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", uri.String())
	store := mongo.New(db)
	issuer, err := token.NewIssuer(t.Context(), store, token.MinKeyLife)
	if err != nil {
		t.Fatal(err)
	}
	return customers.New(store, issuer)
}

func TestTheServiceStartsIfACustomerHasTheStaffEmail(t *testing.T) {
	accounts := shop(t)
	if _, err := accounts.Register(t.Context(), "boss@x", "correct horse", "Mallory"); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cfg := Config{StaffEmail: "boss@x", StaffPassword: "battery staple"}
	if err := cfg.ensureStaff(t.Context(), accounts, slog.New(slog.NewJSONHandler(&log, nil))); err != nil {
		t.Fatalf("the service does not start: %v", err)
	}
	for _, want := range []string{`"level":"ERROR"`, "SOUK_STAFF_EMAIL", "customers staff promote EMAIL"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s: %s", want, log.String())
		}
	}
	tokens, err := accounts.SignIn(t.Context(), customers.Credentials{Email: "boss@x", Password: "correct horse"})
	if err != nil || len(tokens.Customer.Roles) != 1 {
		t.Errorf("login: %v with the roles %v, want those of a customer", err, tokens.Customer.Roles)
	}
	cfg.StaffEmail = "staff@x"
	if err := cfg.ensureStaff(t.Context(), accounts, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if tokens, err := accounts.SignIn(t.Context(), customers.Credentials{Email: "staff@x", Password: "battery staple"}); err != nil || len(tokens.Customer.Roles) != 2 {
		t.Errorf("login of staff: %v with the roles %v", err, tokens.Customer.Roles)
	}
}

func TestACommandPrintsThePasswordOfStaff(t *testing.T) {
	accounts := shop(t)
	if _, err := accounts.Register(t.Context(), "ada@example.com", "correct horse", "Ada"); err != nil {
		t.Fatal(err)
	}
	printed := regexp.MustCompile(`^(\S+) is staff\. The password, shown this once: (\S+)\n$`)
	for _, args := range [][]string{{"staff", "add", "new@example.com"}, {"staff", "promote", "ada@example.com"}} {
		var out strings.Builder
		if err := Command(t.Context(), args, &out); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		match := printed.FindStringSubmatch(out.String())
		if match == nil || match[1] != args[2] {
			t.Fatalf("%v printed %q", args, out.String())
		}
		tokens, err := accounts.SignIn(t.Context(), customers.Credentials{Email: match[1], Password: customers.Secret(match[2])})
		if err != nil || len(tokens.Customer.Roles) != 2 {
			t.Errorf("%v: login: %v with the roles %v, want the two", args, err, tokens.Customer.Roles)
		}
	}
}

func TestAFailedCommandSuggestsTheRightOne(t *testing.T) {
	accounts := shop(t)
	if _, err := accounts.Register(t.Context(), "ada@example.com", "correct horse", "Ada"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, want string }{
		{"staff add ada@example.com", "customers staff promote ada@example.com"},
		{"staff promote bob@example.com", "customers staff add bob@example.com"},
		{"staff add no-email", "email"},
		{"staff", "usage"}, {"staff add", "usage"}, {"staff remove a@x", "usage"}, {"customer add a@x", "usage"}, {"staff add a@x b@x", "usage"},
	} {
		var out strings.Builder
		err := Command(t.Context(), strings.Fields(test.args), &out)
		if err == nil || !strings.Contains(err.Error(), test.want) || out.Len() != 0 {
			t.Errorf("%s: %v, printed %q; want an error with %q", test.args, err, out.String(), test.want)
		}
	}
	if _, err := accounts.SignIn(t.Context(), customers.Credentials{Email: "ada@example.com", Password: "correct horse"}); errors.Is(err, customers.ErrInvalidCredentials) {
		t.Error("a command that was refused changed the password")
	}
}

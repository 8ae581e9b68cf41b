package setup_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"souk/deploy/setup"
	"souk/platform/consul"
	"souk/platform/secret"
	"souk/testkit/devserver"
)

// newConfig returns a configuration with folders as they are at the first start.
func newConfig(t *testing.T) setup.Config {
	t.Helper()
	cfg := setup.Config{Dir: t.TempDir(), Volumes: t.TempDir()}
	for _, container := range containers(t) {
		if err := os.Mkdir(filepath.Join(cfg.Volumes, container), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

func keep(t *testing.T, cfg setup.Config) *setup.Secrets {
	t.Helper()
	s, err := setup.Keep(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shared returns what is in the containers' volumes: contents by container and name.
func shared(t *testing.T, cfg setup.Config) map[string]string {
	t.Helper()
	if err := keep(t, cfg).Share(cfg.Volumes); err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	err := fs.WalkDir(os.DirFS(cfg.Volumes), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(cfg.Volumes, path))
		contents[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

func TestAnotherStartChangesNothing(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	first := shared(t, cfg)
	if second := shared(t, cfg); !reflect.DeepEqual(second, first) {
		t.Errorf("%v\nbecame\n%v", first, second)
	}
	if other := shared(t, newConfig(t)); reflect.DeepEqual(other, first) {
		t.Error("two shops have the same secrets")
	}
}

func TestWhatIsGivenTakesThePlaceOfWhatWasMadeUpAndStays(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	before := shared(t, cfg)
	cfg.StaffPassword, cfg.DemoPassword, cfg.DatabasePassword = "of the staff", "of the shopper", "50% @/:?#"
	given := shared(t, cfg)
	if given["customers/staff-password"] != "of the staff" || given["demo/demo-password"] != "of the shopper" {
		t.Errorf("not as given: %v", given)
	}
	if want := "postgres://orders:50%25%20%40%2F%3A%3F%23@orders-db:5432/orders?sslmode=disable"; given["orders/database-url"] != want {
		t.Errorf("%s, want %s", given["orders/database-url"], want)
	}
	if given["orders/consul-token"] != before["orders/consul-token"] {
		t.Error("what was not given changed")
	}
	cfg.StaffPassword, cfg.DemoPassword, cfg.DatabasePassword = "", "", ""
	if after := shared(t, cfg); !reflect.DeepEqual(after, given) {
		t.Errorf("%v\nbecame\n%v", given, after)
	}
}

func TestAContainerCanReadItsSecretsAndNoneOfAnotherService(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.StripeKey, cfg.StripeWebhookSecret, cfg.SimulatorWebhookSecret = "the key that stripe made up", "the secret that stripe made up", "the secret of the simulator"
	cfg.SMTPPassword = "the password of the mail server"
	cfg.OpenIDProviders = "the settings of the providers"
	contents := shared(t, cfg)
	service := func(path string) string {
		return strings.TrimSuffix(strings.TrimSuffix(filepath.Dir(path), "-db"), "-mongo")
	}
	// ofTool reports whether two files are those of a tool, and of customers about this tool.
	ofTool := func(tool, other string) bool {
		return filepath.Base(tool) == "client-secret" && other == "customers/"+service(tool)+"-client-secret"
	}
	for path, value := range contents {
		if info, err := os.Stat(filepath.Join(cfg.Volumes, path)); err != nil || info.Mode() != 0o444 {
			t.Errorf("%s: %v, %v; want it readable by a container's user", path, info.Mode(), err)
		}
		if len(value) < 26 {
			t.Errorf("%s holds %d characters", path, len(value))
		}
		for other, content := range contents {
			// Two log in at the SMTP server, and customers knows the clients of the tools.
			common := filepath.Base(path) == "smtp-password" || ofTool(path, other) || ofTool(other, path)
			if service(other) != service(path) && strings.Contains(content, value) && !common {
				t.Errorf("%s holds what %s does", other, path)
			}
			if filepath.Base(path) == "superuser-password" && other != path && strings.Contains(content, value) {
				t.Errorf("%s holds the superuser's password", other)
			}
		}
	}
}

func TestAToolHasItsClientAndNoPersonsPassword(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	for _, tool := range []string{"audit", "demo", "mend"} {
		// Of an earlier version.
		if err := os.WriteFile(filepath.Join(cfg.Volumes, tool, "staff-password"), []byte("of the staff"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	contents := shared(t, cfg)
	for _, tool := range []string{"audit", "demo", "mend"} {
		if got := contents[tool+"/client-secret"]; got == "" || got != contents["customers/"+tool+"-client-secret"] {
			t.Errorf("%s has %q, and customers knows %q", tool, got, contents["customers/"+tool+"-client-secret"])
		}
		if _, ok := contents[tool+"/staff-password"]; ok {
			t.Errorf("%s has the password of a person", tool)
		}
	}
	replaced := keep(t, setup.Config{Dir: cfg.Dir, AuditClientSecret: "the secret that takes its place"})
	if err := replaced.Share(cfg.Volumes); err != nil {
		t.Fatal(err)
	}
	after := shared(t, cfg)
	for _, file := range []string{"audit/client-secret", "customers/audit-client-secret"} {
		if after[file] != "the secret that takes its place" {
			t.Errorf("%s: %q", file, after[file])
		}
	}
}

func TestAllSecretsTogetherAreForSetupAlone(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	keep(t, cfg)
	entries, err := os.ReadDir(cfg.Dir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode() != 0o400 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
}

func TestAVolumeThatIsNotThereIsAnErrorWithoutASecret(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	s := keep(t, cfg)
	if err := os.Remove(filepath.Join(cfg.Volumes, "orders-db")); err != nil {
		t.Fatal(err)
	}
	err := s.Share(cfg.Volumes)
	if err == nil || !strings.Contains(err.Error(), "orders-db/superuser-password") || strings.Contains(err.Error(), string(s.Databases["orders"])) {
		t.Errorf("%v", err)
	}
}

func TestConsulKnowsWhoseATokenIs(t *testing.T) {
	t.Parallel()
	s := keep(t, newConfig(t))
	agent, err := devserver.StartConsul(t.Context(), devserver.ConsulConfig{Dir: t.TempDir(), ManagementToken: s.Management})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Stop(context.Background()) })
	for range 2 {
		if err := s.Grant(t.Context(), agent.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	orders, anonymous := client(t, agent, s.Tokens["orders"]), client(t, agent, "")
	if err := orders.Agent().ServiceRegister(&api.AgentServiceRegistration{Name: "orders"}); err != nil {
		t.Errorf("orders does not register itself: %v", err)
	}
	if _, _, err := orders.Agent().ConnectCALeaf("orders", nil); err != nil {
		t.Errorf("orders has no certificate: %v", err)
	}
	if entries, _, err := anonymous.Catalog().Service("orders", "", nil); err != nil || len(entries) != 1 {
		t.Errorf("the page shows %d instances of orders, %v", len(entries), err)
	}
	for who, client := range map[string]*api.Client{"orders": orders, "nobody": anonymous} {
		if err := client.Agent().ServiceRegister(&api.AgentServiceRegistration{Name: "payments"}); err == nil {
			t.Errorf("%s registers payments", who)
		}
		if _, _, err := client.Agent().ConnectCALeaf("payments", nil); err == nil {
			t.Errorf("%s has the certificate of payments", who)
		}
		if _, _, err := client.ACL().TokenList(nil); err == nil {
			t.Errorf("%s lists the tokens", who)
		}
	}
}

func client(t *testing.T, agent *devserver.Consul, token secret.Text) *api.Client {
	t.Helper()
	c, err := consul.NewClient(agent.Addr(), token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheMongoOfCartsKeepsThePasswordThatItWasMadeWith(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	const before = "of the superuser in the version before"
	if err := os.WriteFile(filepath.Join(cfg.Dir, "carts-superuser-password"), []byte(before), 0o400); err != nil {
		t.Fatal(err)
	}
	contents := shared(t, cfg)
	if got := contents["carts-mongo/superuser-password"]; got != before || contents["carts-db/superuser-password"] == before {
		t.Errorf("MongoDB is told %q, PostgreSQL %q", got, contents["carts-db/superuser-password"])
	}
}

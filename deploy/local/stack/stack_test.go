package stack

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettleSaysInOneLineWhatIsWrong(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	taken := listener.Addr().(*net.TCPAddr).Port
	tests := map[string]Config{
		"SOUK_GATEWAY_ADDR":  {GatewayAddr: "8080"},
		"SOUK_POSTGRES_PORT": {GatewayAddr: "127.0.0.1:0", PostgresPort: taken},
		"SOUK_MONGO_PORT":    {GatewayAddr: "127.0.0.1:0", MongoPort: taken},
		"SOUK_MAILS_PORT":    {GatewayAddr: "127.0.0.1:0", MailsPort: taken},
		"SOUK_CONSUL_PORT":   {GatewayAddr: "127.0.0.1:0", ConsulPort: taken},
	}
	for variable, cfg := range tests {
		err := cfg.settle()
		if err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "\n") {
			t.Errorf("settle() = %v, want one line that names %s", err, variable)
		}
	}
}

func TestSettlePicksPortsThatAreFree(t *testing.T) {
	t.Parallel()
	cfg := Config{GatewayAddr: "127.0.0.1:0"}
	if err := cfg.settle(); err != nil {
		t.Fatal(err)
	}
	if cfg.PostgresPort == 0 || cfg.MongoPort == 0 || cfg.MailsPort == 0 || cfg.ConsulPort == 0 || strings.HasSuffix(cfg.GatewayAddr, ":0") {
		t.Errorf("settle left a port open: %+v", cfg)
	}
}

func TestSecretsAreMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secrets.json")
	first, err := loadSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := loadSecrets(path)
	if err != nil || again.Staff != first.Staff || len(again.Databases) != len(Services) {
		t.Errorf("again: %v, %v; want the same secrets", again, err)
	}
	if first.Staff == first.Customer || first.Staff == "" {
		t.Error("secrets are not each their own")
	}
}

// It is not parallel, because a process that another test starts has the lock as well until it runs its program.
func TestOneShopRunsOnAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acquire(path); err == nil || !strings.Contains(err.Error(), "already running") {
		t.Errorf("a second shop: %v, want an error that says so", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := acquire(path)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	_ = again.Close()
}

func TestStaffOfAShopThatDoesNotRunAreNotMade(t *testing.T) {
	t.Parallel()
	cfg := Config{GatewayAddr: "127.0.0.1:0"}
	if err := cfg.settle(); err != nil {
		t.Fatal(err)
	}
	err := Staff(t.Context(), cfg, []string{"add", "new@example.com"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "make run") {
		t.Errorf("%v; want an error that says how to start the shop", err)
	}
}

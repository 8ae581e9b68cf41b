package devserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"souk/platform/secret"
)

// ConsulConfig says where and how to run a Consul server. Dir is required.
type ConsulConfig struct {
	Dir      string         // its configuration and data, made at first use
	HTTPPort int            // zero takes a free one
	GRPCPort int            // zero takes a free one
	LogFile  string         // consul.log in Dir if empty
	Progress func(string)   // told what takes long, such as building the server; may be nil
	Started  func(*Process) // told of each process as soon as it runs, before it answers; may be nil
	// ManagementToken makes the server deny what a token does not allow, and is the one that allows everything. Without
	// it everybody may do everything.
	ManagementToken secret.Text
	// RootPEM and RootKeyPEM make the server's certificate authority issue from this root, rather than from one of its own.
	RootPEM, RootKeyPEM []byte
}

// Consul is a running Consul agent: a server, alone in its datacenter.
type Consul struct {
	*Process
	addr, grpcAddr string
}

// StartConsul starts a Consul server on 127.0.0.1 and returns when it leads its cluster of one and its
// certificate authority works, about 2 seconds later. The program is $SOUK_CONSUL, or what tools/build
// finds on PATH or builds. What it stores, registered services included, survives a restart. It fails if
// the port is in use.
func StartConsul(ctx context.Context, config ConsulConfig) (*Consul, error) {
	server, err := startConsul(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("start Consul: %w", err)
	}
	return server, nil
}

func startConsul(ctx context.Context, config ConsulConfig) (*Consul, error) {
	path, err := findTool(ctx, "SOUK_CONSUL", "consul", config.Progress)
	if err != nil {
		return nil, err
	}
	dir, err := prepareDir(config.Dir)
	if err != nil {
		return nil, err
	}
	httpPort, err := usablePort(config.HTTPPort)
	if err != nil {
		return nil, err
	}
	configFile := filepath.Join(dir, "consul.json")
	grpcPort, err := usablePort(config.GRPCPort)
	if err != nil {
		return nil, err
	}
	if err := config.write(configFile, filepath.Join(dir, "data"), httpPort, grpcPort); err != nil {
		return nil, err
	}
	logFile := config.LogFile
	if logFile == "" {
		logFile = filepath.Join(dir, "consul.log")
	}
	process, err := StartProcess(ctx, ProcessConfig{
		Name:        "consul",
		Path:        path,
		Args:        []string{"agent", "-config-file", configFile},
		LogFile:     logFile,
		DeathSignal: syscall.SIGTERM,
		Started:     config.Started,
	})
	if err != nil {
		return nil, err
	}
	addr := loopback(httpPort)
	err = waitReady(ctx, process, func(ctx context.Context) error { return probeConsul(ctx, addr) })
	if err != nil {
		return nil, err
	}
	return &Consul{Process: process, addr: addr, grpcAddr: loopback(grpcPort)}, nil
}

// write writes the agent's configuration. Its internal ports are new at every start, which a cluster of one gets over: it
// votes for itself by node id, not by address.
func (c *ConsulConfig) write(path, dataDir string, httpPort, grpcPort int) error {
	serfPort, err := FreePort()
	if err != nil {
		return err
	}
	serverPort, err := FreePort()
	if err != nil {
		return err
	}
	const disabled = -1
	config := map[string]any{
		"node_name":            "souk",
		"server":               true,
		"bootstrap_expect":     1,
		"bind_addr":            "127.0.0.1",
		"client_addr":          "127.0.0.1",
		"data_dir":             dataDir,
		"log_level":            "warn",
		"leave_on_terminate":   false,
		"disable_update_check": true,
		"connect":              c.authority(),
		"acl":                  c.acl(),
		"ui_config":            map[string]any{"enabled": true},
		"performance":          map[string]any{"raft_multiplier": 1},
		// Every process of the shop comes from one address here, each with a query open for each of its peers.
		"limits": map[string]any{"http_max_conns_per_client": 2000},
		"ports": map[string]int{
			"http": httpPort, "serf_lan": serfPort, "server": serverPort,
			"serf_wan": disabled, "dns": disabled, "grpc": grpcPort, "grpc_tls": disabled,
		},
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return nil
}

// acl is what the server asks of those who ask it.
func (c *ConsulConfig) acl() map[string]any {
	if c.ManagementToken == "" {
		return map[string]any{"enabled": false}
	}
	return map[string]any{
		"enabled": true, "default_policy": "deny", "down_policy": "extend-cache",
		"tokens": map[string]any{"initial_management": string(c.ManagementToken), "agent": string(c.ManagementToken)},
	}
}

// authority is what the server issues certificates from.
func (c *ConsulConfig) authority() map[string]any {
	if len(c.RootPEM) == 0 {
		return map[string]any{"enabled": true}
	}
	return map[string]any{
		"enabled": true, "ca_provider": "consul",
		"ca_config": map[string]any{"root_cert": string(c.RootPEM), "private_key": string(c.RootKeyPEM)},
	}
}

// probeConsul fails until the server has a root certificate, which a new leader sets up last. The read is
// a consistent one: others are answered, after a restart, before all that was stored is back.
func probeConsul(ctx context.Context, addr string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/v1/connect/ca/roots?consistent", nil)
	if err != nil {
		return err
	}
	request.Close = true // leave no idle connection, and no goroutine, to the caller
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("root certificates: %s", response.Status)
	}
	var roots struct{ ActiveRootID string }
	if err := json.NewDecoder(response.Body).Decode(&roots); err != nil {
		return fmt.Errorf("root certificates: %w", err)
	}
	if roots.ActiveRootID == "" {
		return errors.New("no root certificate yet")
	}
	return nil
}

// Addr is the host:port of the HTTP API and the user interface.
func (c *Consul) Addr() string { return c.addr }

// GRPCAddr is the host:port of the gRPC API, which signs certificates.
func (c *Consul) GRPCAddr() string { return c.grpcAddr }

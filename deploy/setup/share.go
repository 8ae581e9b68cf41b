package setup

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Share writes into each container's volume below dir only the secrets of that container.
func (s *Secrets) Share(dir string) error {
	contents, err := s.Contents()
	errs := []error{err}
	for container, files := range contents {
		for name, value := range files {
			errs = append(errs, write(filepath.Join(dir, container, name), value, readable))
		}
	}
	for _, service := range relational {
		// Earlier versions gave the service's password to the server.
		errs = append(errs, remove(filepath.Join(dir, service+"-db", "database-password")))
	}
	for tool := range s.Clients {
		// Earlier versions gave it the password of staff.
		errs = append(errs, remove(filepath.Join(dir, tool, "staff-password")))
	}
	return errors.Join(errs...)
}

// Contents returns the secrets of each container, by the names of their files. The address of a MongoDB is not among them, because
// [Secrets.PrepareDatabases] finds it out.
func (s *Secrets) Contents() (map[string]map[string]string, error) {
	contents := map[string]map[string]string{}
	share := func(container, name, value string) {
		if contents[container] == nil {
			contents[container] = map[string]string{}
		}
		contents[container][name] = value
	}
	for server, password := range s.Superusers {
		share(server, "superuser-password", string(password))
	}
	for _, service := range relational {
		share(service, "database-url", databaseURL(service, string(s.Databases[service])))
	}
	for name, token := range s.Tokens {
		share(name, "consul-token", string(token))
	}
	share("customers", "staff-password", string(s.Staff))
	for _, sender := range []string{"customers", "orders"} {
		share(sender, "smtp-password", string(s.SMTP))
	}
	share("customers", "openid-providers", string(s.OpenID))
	for tool, value := range s.Clients {
		share("customers", tool+"-client-secret", string(value))
		share(tool, "client-secret", string(value))
	}
	share("demo", "demo-password", string(s.Demo))
	for name, value := range s.Payments {
		share("payments", name, string(value))
	}
	config, err := json.MarshalIndent(consulConfig(string(s.Management)), "", "  ")
	share("consul", "consul.json", string(config))
	share("consul", "management-token", string(s.Management)) // for its health check
	return contents, err
}

// remove deletes the file at path, if there is one.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// databaseURL returns the URL of the service's database server, which is in a network with only these two.
func databaseURL(service, password string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(service, password), Host: service + "-db:5432", Path: service,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// consulConfig makes the agent deny everything that a token does not allow, and issue certificates.
func consulConfig(management string) map[string]any {
	return map[string]any{
		"connect": map[string]any{"enabled": true},
		"ports":   map[string]int{"grpc": 8502}, // for signing certificates
		"acl": map[string]any{
			"enabled": true, "default_policy": "deny", "down_policy": "extend-cache",
			"tokens": map[string]any{"initial_management": management, "agent": management},
		},
		"disable_update_check": true,
	}
}

package stack

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ParseReplicas parses the numbers of instances, written NAME=number in upper case: ORDERS=3. It ignores names that begin with
// SOUK_, because those are settings, which come from the environment.
func ParseReplicas(assignments []string) (map[string]int, error) {
	replicas := map[string]int{}
	for _, assignment := range assignments {
		name, number, _ := strings.Cut(assignment, "=")
		if strings.HasPrefix(name, "SOUK_") {
			continue
		}
		if name != strings.ToUpper(name) || !slices.Contains(Services, strings.ToLower(name)) {
			return nil, fmt.Errorf("%s: the services that may have many instances are %s", name, strings.ToUpper(strings.Join(Services, ", ")))
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s: %q is not a number of instances: it must be 1 or more", name, number)
		}
		replicas[strings.ToLower(name)] = n
	}
	return replicas, nil
}

// Instances returns the parts that are instances of a service, for example orders, orders-2 and orders-3. The services' clients
// distribute calls among them. Several gateways have different addresses, and a load balancer must distribute the requests.
func (c *Config) Instances(service string) []string {
	parts := []string{service}
	for i := 2; i <= c.Replicas[service]; i++ {
		parts = append(parts, fmt.Sprintf("%s-%d", service, i))
	}
	return parts
}

// mostInstances returns the maximum number of concurrent processes of a service: its instances and one more, which replaces one of them.
func (c *Config) mostInstances(service string) int { return len(c.Instances(service)) + 1 }

// instances returns all parts that are instances of services.
func (c *Config) instances() []string {
	var parts []string
	for _, service := range Services {
		parts = append(parts, c.Instances(service)...)
	}
	return parts
}

// own returns the shop's own processes: the instances of services, and then the gateways.
func (c *Config) own() []string { return append(c.instances(), c.Instances(Gateway)...) }

// parts returns the names of all processes.
func (c *Config) parts() []string {
	parts := append([]string{Postgres, Mongo, Consul}, c.own()...)
	if c.Observe {
		parts = append(parts, Jaeger, Prometheus, Audit)
	}
	return parts
}

// serviceOf returns the service of a part: orders for orders-2.
func serviceOf(part string) string {
	service, _, _ := strings.Cut(part, "-")
	return service
}

// checkReplicas returns an error if a service cannot run with the requested number of instances.
func (c *Config) checkReplicas() error {
	for service, n := range c.Replicas {
		if service != Gateway && !slices.Contains(Services, service) || n < 1 {
			return fmt.Errorf("%s: cannot run %d instances", service, n)
		}
		if n > 1 {
			if err := c.CheckUnpinned(service); err != nil {
				return fmt.Errorf("%s: cannot run %d instances: %w", service, n, err)
			}
		}
	}
	return nil
}

// CheckUnpinned returns an error if the environment sets the port of a service, because two processes cannot share a port.
func (c *Config) CheckUnpinned(service string) error {
	kinds := []string{"", "_ADMIN"}
	if service == Gateway {
		kinds = kinds[1:] // the address is used by the first one only
	}
	for _, kind := range kinds {
		variable := "SOUK_" + strings.ToUpper(service) + kind + "_ADDR"
		address := os.Getenv(variable)
		for _, entry := range c.Env { // later entries override earlier ones
			if value, found := strings.CutPrefix(entry, variable+"="); found {
				address = value
			}
		}
		if _, port, err := net.SplitHostPort(address); err == nil && port != "0" {
			return fmt.Errorf("%s=%s sets a port, which only one process can use", variable, address)
		}
	}
	return nil
}

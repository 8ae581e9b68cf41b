package stack

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ParseReplicas reads how many instances of services run, from NAME=number in upper case: ORDERS=3. What begins with SOUK_
// is a setting, which comes from the environment, and passed over.
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
			return nil, fmt.Errorf("%s: %q is no number of instances, which is 1 or more", name, number)
		}
		replicas[strings.ToLower(name)] = n
	}
	return replicas, nil
}

// Instances returns the parts of the shop that are instances of a service, which take turns at its calls: orders, orders-2,
// orders-3. Of several gateways each has an address of its own, and it is for a load balancer to take turns.
func (c *Config) Instances(service string) []string {
	parts := []string{service}
	for i := 2; i <= c.Replicas[service]; i++ {
		parts = append(parts, fmt.Sprintf("%s-%d", service, i))
	}
	return parts
}

// mostInstances returns how many processes of a service run at once at most: one of its instances may have a successor beside it.
func (c *Config) mostInstances(service string) int { return len(c.Instances(service)) + 1 }

// instances returns all parts that are instances of services.
func (c *Config) instances() []string {
	var parts []string
	for _, service := range Services {
		parts = append(parts, c.Instances(service)...)
	}
	return parts
}

// own returns the parts that are processes of the shop's own: the instances of services, and then the gateways.
func (c *Config) own() []string { return append(c.instances(), c.Instances(Gateway)...) }

// parts returns the names of all processes.
func (c *Config) parts() []string {
	return append([]string{Postgres, Mongo, Consul}, c.own()...)
}

// serviceOf returns what a part is an instance of: orders for orders-2.
func serviceOf(part string) string {
	service, _, _ := strings.Cut(part, "-")
	return service
}

// checkReplicas fails unless each service can run as often as it is asked to.
func (c *Config) checkReplicas() error {
	for service, n := range c.Replicas {
		if service != Gateway && !slices.Contains(Services, service) || n < 1 {
			return fmt.Errorf("%s: %d instances of it cannot run", service, n)
		}
		if n > 1 {
			if err := c.CheckUnpinned(service); err != nil {
				return fmt.Errorf("%d instances of %s cannot run: %w", n, service, err)
			}
		}
	}
	return nil
}

// CheckUnpinned fails if the environment gives a service a port, which two processes cannot share.
func (c *Config) CheckUnpinned(service string) error {
	kinds := []string{"", "_ADMIN"}
	if service == Gateway {
		kinds = kinds[1:] // its address is the first one's alone
	}
	for _, kind := range kinds {
		variable := "SOUK_" + strings.ToUpper(service) + kind + "_ADDR"
		address := os.Getenv(variable)
		for _, entry := range c.Env { // the last one counts
			if value, found := strings.CutPrefix(entry, variable+"="); found {
				address = value
			}
		}
		if _, port, err := net.SplitHostPort(address); err == nil && port != "0" {
			return fmt.Errorf("%s=%s gives it a port, which one process can have", variable, address)
		}
	}
	return nil
}

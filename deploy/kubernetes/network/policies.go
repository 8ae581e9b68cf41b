package network

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"

	"souk/deploy/setup/roster"
)

// The ports of the shop.
const (
	grpcPort, httpPort, adminPort = 9000, 8080, 9100
	consulHTTP, consulGRPC        = 8500, 8502
	postgresPort, mongoPort       = 5432, 27017
	tracesPort                    = 4317
)

// An SMTP server takes mails at one of these ports: with STARTTLS, with TLS from the start, or from other servers.
var smtpPorts = []int{587, 465, 25}

// The API server has the first of these ports as a service, and the second where it really listens. Policies may be applied to either.
var apiServer = []int{443, 6443}

const header = `# make gen writes this file, from the callers that each service names in its contract: see ../../network.
#
# It only works if the cluster's network enforces NetworkPolicies. Probes of the kubelet are not subject to them.
`

// Policies returns base/network/policies.yaml. By default nothing is allowed. Then come the calls of the contracts, and the servers that
// all processes need.
func Policies() (string, error) {
	graph, err := Calls()
	if err != nil {
		return "", err
	}
	all := slices.Concat(foundations(graph), processes(graph), databases(), backups(), jobs())
	var text bytes.Buffer
	text.WriteString(header)
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	for _, p := range all {
		if err := encoder.Encode(p); err != nil {
			return "", err
		}
	}
	return text.String(), encoder.Close()
}

// foundations are that nothing is allowed by default, that all may resolve names, and Consul. Consul checks the health of each process.
func foundations(graph Graph) []policy {
	deny := newPolicy("default-deny")
	deny.Spec.PodSelector = selector{}
	names := newPolicy("dns")
	names.Spec.PodSelector, names.Spec.PolicyTypes = selector{}, []string{"Egress"}
	names.Spec.Egress = []egress{{Ports: []port{{"UDP", 53}, {"TCP", 53}}}}
	consul := newPolicy("consul")
	consul.accept(pods(graph.Processes()...), consulHTTP, consulGRPC)
	consul.accept(pods("consul-setup"), consulHTTP)
	consul.reach(pods(roster.Names()...), grpcPort)
	consul.reach(pods("gateway"), httpPort)
	return []policy{deny, names, consul}
}

// processes are the services, the gateway, and the programs of the operator that call services: the audit and mend. Each registers with
// Consul or gets its certificate from it.
func processes(graph Graph) (all []policy) {
	for _, name := range graph.Processes() {
		p := newPolicy(name)
		switch {
		case name == "gateway":
			p.accept(nil, httpPort)
		case !slices.Contains(roster.Names(), name):
			p.reach(pods("gateway"), httpPort)
		default:
			p.accept(pods(append(slices.Clone(graph.Callers[name]), "consul")...), grpcPort)
			p.reach(pods(name+"-db"), databasePort(name))
		}
		p.accept(anywhere("prometheus"), adminPort)
		if callees := graph.Callees(name); len(callees) > 0 {
			p.reach(pods(callees...), grpcPort)
		}
		p.reach(pods("consul"), consulHTTP, consulGRPC)
		p.reach(anywhere("jaeger"), tracesPort)
		switch name {
		case "payments":
			p.reach(nil, 443) // the payment provider
		case "customers", "orders":
			p.reach(nil, smtpPorts...)
		}
		all = append(all, p)
	}
	return all
}

// databases accept connections of their service, of the Job that creates its role, and of the Jobs that dump and restore them.
func databases() (all []policy) {
	for _, name := range roster.Names() {
		p := newPolicy(name + "-db")
		p.accept(pods(name, "database-setup", name+"-backup"), databasePort(name))
		all = append(all, p)
	}
	return all
}

// backups reach one database each. The pod that only opens the folder of the dumps reaches nothing.
func backups() (all []policy) {
	for _, name := range roster.Names() {
		p := newPolicy(name + "-backup")
		p.reach(pods(name+"-db"), databasePort(name))
		all = append(all, p)
	}
	return append(all, newPolicy("backups"))
}

func databasePort(service string) int {
	if slices.Contains(roster.On(roster.MongoDB), service) {
		return mongoPort
	}
	return postgresPort
}

// jobs prepare the shop.
func jobs() []policy {
	setup, consul, databases, demo := newPolicy("setup"), newPolicy("consul-setup"), newPolicy("database-setup"), newPolicy("demo")
	setup.reach(nil, apiServer...)
	consul.reach(pods("consul"), consulHTTP)
	for _, name := range roster.Names() {
		databases.reach(pods(name+"-db"), databasePort(name))
	}
	databases.reach(nil, apiServer...)
	demo.reach(pods("gateway"), httpPort)
	return []policy{setup, consul, databases, demo}
}

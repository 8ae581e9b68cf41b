package kubernetes_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"

	"souk/deploy/kubernetes/network"
	"souk/deploy/setup/roster"
)

func TestThePoliciesAreWhatMakeGenWrites(t *testing.T) {
	t.Parallel()
	want, err := network.Policies()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("base/network/policies.yaml"); err != nil || string(got) != want {
		t.Errorf("base/network/policies.yaml is not what make gen writes: %v", err)
	}
}

// The contracts name the callers of each service. Three more places restrict who calls whom. The network policies do so for
// each pair of pods. Consul's tokens say who may prove in TLS that it is one of the processes. The networks of Compose
// say only who reaches a database, because all processes are in one network.
func TestContractsPoliciesTokensAndNetworksAgree(t *testing.T) {
	t.Parallel()
	graph, err := network.Calls()
	if err != nil {
		t.Fatal(err)
	}
	for _, overlay := range overlays {
		policies := of[*networkingv1.NetworkPolicy](t, overlay)
		for _, service := range roster.Names() {
			equal(t, overlay+": the policies let reach "+service, reaching(policies, service, grpcPort), append(slices.Clone(graph.Callers[service]), "consul"))
			equal(t, overlay+": the policies let reach the database of "+service,
				append(reaching(policies, service+"-db", 5432), reaching(policies, service+"-db", 27017)...), []string{service, "database-setup", service + "-backup"})
		}
		equal(t, overlay+": the policies let register with Consul", reaching(policies, "consul", 8502), graph.Processes())
	}
	equal(t, "the processes with a token of their own for Consul are", slices.Collect(maps.Keys(tokens(t))), graph.Processes())
	inside, private := members(t)
	for _, name := range graph.Processes() {
		if !slices.Contains(inside, name) {
			t.Errorf("Compose does not connect %s with the others", name)
		}
	}
	for _, service := range roster.Names() {
		equal(t, "Compose lets reach the database of "+service, private[service], []string{service, "database-setup"})
	}
}

const grpcPort = 9000

// equal compares two lists of names in any order.
func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s %v, want %v", what, got, want)
	}
}

// tokens are those that setup registers in Consul, by the name of the process.
func tokens(t *testing.T) map[string]bool {
	t.Helper()
	secrets, err := stored()
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string]bool{}
	for name := range secrets.Tokens {
		owners[name] = true
	}
	return owners
}

// reaching returns the names of the pods that the policies let reach a port of the pods called name: their own policies must let them
// out, and those of name must let them in.
func reaching(policies map[string]*networkingv1.NetworkPolicy, name string, port int) (callers []string) {
	for caller, p := range policies {
		if selected(p.Spec.PodSelector.MatchLabels) == "" {
			continue // of all pods
		}
		out := slices.ContainsFunc(p.Spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool {
			return allows(rule.To, rule.Ports, name, port)
		})
		in := policies[name] != nil && slices.ContainsFunc(policies[name].Spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
			return allows(rule.From, rule.Ports, caller, port)
		})
		if in && out {
			callers = append(callers, caller)
		}
	}
	return callers
}

// allows reports whether a rule is for the pods called name and for the port.
func allows(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, name string, port int) bool {
	at := len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool { return p.Port.IntValue() == port })
	of := len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.PodSelector != nil && p.NamespaceSelector == nil && selected(p.PodSelector.MatchLabels) == name
	})
	return at && of
}

func selected(labels map[string]string) string { return labels["app.kubernetes.io/name"] }

// Nothing may be reached that no policy names.
func TestNothingIsAllowedByDefault(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		policies := of[*networkingv1.NetworkPolicy](t, overlay)
		deny := policies["default-deny"].Spec
		if len(deny.PodSelector.MatchLabels)+len(deny.PodSelector.MatchExpressions)+len(deny.Ingress)+len(deny.Egress) > 0 || len(deny.PolicyTypes) != 2 {
			t.Errorf("%s: by default %v", overlay, deny)
		}
		for name, p := range policies {
			for _, rule := range p.Spec.Ingress {
				open := len(rule.From) == 0
				if open != (name == "gateway" && rule.Ports[0].Port.IntValue() == 8080) {
					t.Errorf("%s: %s is open to everybody: %v", overlay, name, rule.Ports)
				}
			}
		}
		for _, w := range workloads(t, overlay) {
			if policies[w.pod.Labels["app.kubernetes.io/name"]] == nil {
				t.Errorf("%s: there is no policy for %s", overlay, w.name)
			}
		}
	}
}

// composition is what docker-compose.yml says of networks.
type composition struct {
	Services map[string]struct {
		Networks []string `yaml:"networks"`
	} `yaml:"services"`
}

func compose(t *testing.T) composition {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var c composition
	if err := yaml.Unmarshal(text, &c); err != nil || len(c.Services) == 0 {
		t.Fatalf("%d services, %v", len(c.Services), err)
	}
	return c
}

// members returns the containers in the network of all, and those in the networks of databases, by service, without the databases.
func members(t *testing.T) (inside []string, private map[string][]string) {
	t.Helper()
	private = map[string][]string{}
	for name, container := range compose(t).Services {
		if slices.Contains(container.Networks, "inside") {
			inside = append(inside, name)
		}
		for _, connected := range container.Networks {
			service, ok := strings.CutSuffix(connected, "-private")
			if ok && !strings.HasPrefix(name, service+"-") {
				private[service] = append(private[service], name)
			}
		}
	}
	return inside, private
}

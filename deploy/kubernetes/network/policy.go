package network

// policy is a NetworkPolicy. Only the fields that the shop uses are here.
type policy struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   map[string]string `yaml:"metadata,flow"`
	Spec       spec              `yaml:"spec"`
}

type spec struct {
	PodSelector selector  `yaml:"podSelector"`
	PolicyTypes []string  `yaml:"policyTypes,flow"`
	Ingress     []ingress `yaml:"ingress,omitempty"`
	Egress      []egress  `yaml:"egress,omitempty"`
}

// selector without labels matches everything.
type selector struct {
	MatchLabels map[string]string `yaml:"matchLabels,omitempty,flow"`
}

// ingress and egress without peers are open to everybody.
type ingress struct {
	From  []peer `yaml:"from,omitempty"`
	Ports []port `yaml:"ports,omitempty,flow"`
}

type egress struct {
	To    []peer `yaml:"to,omitempty"`
	Ports []port `yaml:"ports,omitempty,flow"`
}

// peer is a kind of pods, in the shop's namespace unless there is a selector of namespaces.
type peer struct {
	NamespaceSelector *selector `yaml:"namespaceSelector,omitempty"`
	PodSelector       selector  `yaml:"podSelector"`
}

type port struct {
	Protocol string `yaml:"protocol,omitempty"`
	Port     int    `yaml:"port"`
}

// newPolicy returns a policy for the pods with that name.
func newPolicy(name string) policy {
	return policy{
		APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Metadata: map[string]string{"name": name},
		Spec: spec{PodSelector: called(name), PolicyTypes: []string{"Ingress", "Egress"}},
	}
}

// called selects the pods with that name.
func called(name string) selector {
	return selector{MatchLabels: map[string]string{"app.kubernetes.io/name": name}}
}

// pods are those with these names in the shop's namespace.
func pods(names ...string) (peers []peer) {
	for _, name := range names {
		peers = append(peers, peer{PodSelector: called(name)})
	}
	return peers
}

// anywhere are the pods with that name in any namespace.
func anywhere(name string) []peer {
	return []peer{{NamespaceSelector: &selector{}, PodSelector: called(name)}}
}

func ports(numbers ...int) (list []port) {
	for _, number := range numbers {
		list = append(list, port{Port: number})
	}
	return list
}

// accept lets peers reach the policy's pods at these ports.
func (p *policy) accept(from []peer, at ...int) {
	p.Spec.Ingress = append(p.Spec.Ingress, ingress{From: from, Ports: ports(at...)})
}

// reach lets the policy's pods reach peers at these ports. No peers means everybody, also outside the cluster.
func (p *policy) reach(to []peer, at ...int) {
	p.Spec.Egress = append(p.Spec.Egress, egress{To: to, Ports: ports(at...)})
}

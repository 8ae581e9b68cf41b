// Package network says which pods of the shop may reach which. It takes that from the contracts, in which each service names its
// callers, so that nobody has to list it a second time.
package network

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "souk/proto" // registers all contracts
	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/deploy/setup/roster"
)

// Graph is the call graph of the shop.
type Graph struct {
	// Callers are the processes that may call a service, by its name, in alphabetical order.
	Callers map[string][]string
}

// Calls returns the call graph that the contracts describe. It fails if a contract is not of a service in the roster, or names no
// callers.
func Calls() (Graph, error) {
	g := Graph{Callers: map[string][]string{}}
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			if failed = g.add(file.Services().Get(i)); failed != nil {
				return false
			}
		}
		return true
	})
	for name, callers := range g.Callers {
		slices.Sort(callers)
		g.Callers[name] = slices.Compact(callers)
	}
	return g, failed
}

// add adds a service of a contract. Contracts of others, such as gRPC's health service, are not part of the graph.
func (g Graph) add(contract protoreflect.ServiceDescriptor) error {
	if !strings.HasPrefix(string(contract.FullName()), "souk.") {
		return nil
	}
	servers := serversOf(contract.FullName())
	callers := proto.GetExtension(contract.Options(), accessv1.E_Callers).(*accessv1.Callers).GetServices()
	if len(servers) == 0 || len(callers) == 0 {
		return fmt.Errorf("%s: served by %v, called by %v", contract.FullName(), servers, callers)
	}
	for _, server := range servers {
		for _, caller := range callers {
			if caller != server {
				g.Callers[server] = append(g.Callers[server], caller)
			}
		}
	}
	return nil
}

// serversOf returns the services that serve a contract. Two contracts are not of one service alone.
func serversOf(contract protoreflect.FullName) []string {
	switch contract {
	case "souk.access.v1.KeysService":
		return []string{"customers"}
	case "souk.audit.v1.AuditService":
		return roster.Names() // each may have an audit log
	}
	name := string(contract.Parent().Parent().Name())
	if !slices.Contains(roster.Names(), name) {
		return nil
	}
	return []string{name}
}

// Processes returns the names of all processes that call or are called, in alphabetical order.
func (g Graph) Processes() []string {
	var all []string
	for name, callers := range g.Callers {
		all = append(append(all, name), callers...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Callees returns the services that a process may call, in alphabetical order.
func (g Graph) Callees(caller string) []string {
	var callees []string
	for name, callers := range g.Callers {
		if slices.Contains(callers, caller) {
			callees = append(callees, name)
		}
	}
	slices.Sort(callees)
	return callees
}

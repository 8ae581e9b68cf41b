package stack

import (
	"context"

	"souk/testkit/devserver"
)

// Parts returns the names of all processes of the shop: the servers, the instances of services and the gateways.
func (s *Stack) Parts() []string { return s.cfg.parts() }

// StartPart starts a part of the shop that does not run, or a second process of a service beside the first: on the same data and, if
// it is a server, on the same port. A server answers when it returns; a service is only on its way.
func (s *Stack) StartPart(ctx context.Context, name string) error {
	switch name {
	case Postgres:
		return s.startPostgres(ctx)
	case Mongo:
		return s.startMongo(ctx)
	case Consul:
		return s.startConsul(ctx)
	default:
		return s.startService(ctx, name)
	}
}

// Process returns the process of a part of the shop, the last one if it was restarted.
func (s *Stack) Process(name string) *devserver.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processes[name]
}

// SetProcess makes a process the one of a part. Stop stops it.
func (s *Stack) SetProcess(name string, p *devserver.Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[name] = p
}

// started returns what makes a process that was started the one of a part.
func (s *Stack) started(name string) func(*devserver.Process) {
	return func(p *devserver.Process) { s.SetProcess(name, p) }
}

package stack

import (
	"context"

	"souk/testkit/devserver"
)

// Parts returns the names of all processes of the shop: the servers, the instances of services and the gateways.
func (s *Stack) Parts() []string { return s.cfg.parts() }

// StartPart starts a part of the shop that does not run, or a second process of a service that runs. It uses the same data as before
// and, if it is a server, the same port. When StartPart returns, a server accepts requests, but a service is still starting.
func (s *Stack) StartPart(ctx context.Context, name string) error {
	switch name {
	case Postgres:
		return s.startPostgres(ctx)
	case Mongo:
		return s.startMongo(ctx)
	case Consul:
		return s.startConsul(ctx)
	case Prometheus:
		return s.startPrometheus(ctx)
	case Jaeger:
		return s.startJaeger(ctx)
	default:
		return s.startService(ctx, name)
	}
}

// Process returns the process of a part of the shop. If the part was restarted, it returns the last process.
func (s *Stack) Process(name string) *devserver.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processes[name]
}

// SetProcess makes p the process of a part, which Process returns and Stop stops.
func (s *Stack) SetProcess(name string, p *devserver.Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[name] = p
	if s.cfg.Observe {
		if err := s.writeTargets(); err != nil {
			s.cfg.say("Prometheus is not told of %s: %v", name, err)
		}
	}
}

// started returns a function that calls SetProcess for a part.
func (s *Stack) started(name string) func(*devserver.Process) {
	return func(p *devserver.Process) { s.SetProcess(name, p) }
}

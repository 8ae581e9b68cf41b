// Package grpctest is responsible for tests of a service's contract: it serves the service in memory, behind its real
// interceptors, and makes callers.
package grpctest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"souk/platform/access"
	"souk/platform/rpc"
	"souk/testkit/accesstest"
	"souk/testkit/certtest"
	"souk/testkit/securitytest"
)

// Server serves a service until its test ends.
type Server struct {
	// Conn is a connection to it that adds nothing of its own. The caller's service is the gateway, unless the context says
	// otherwise.
	Conn grpc.ClientConnInterface
	// Events are the security events of the server.
	Events  securitytest.Events
	private ed25519.PrivateKey
	log     journal
}

// Serve starts a server of what register registers.
func Serve(t testing.TB, register func(grpc.ServiceRegistrar)) *Server {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	identity, err := authority.Identity(callee)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{private: private}
	s.log.events = &s.Events
	guard := access.NewGuard(access.NewVerifier(s))
	server := rpc.NewServer(slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelError})), guard, identity, nil)
	register(server)
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	s.Conn = newConns(t, authority, listener)
	return s
}

// Key implements access.KeySource, with the key of the server's own tokens.
func (s *Server) Key(context.Context, string) (ed25519.PublicKey, error) {
	return s.private.Public().(ed25519.PublicKey), nil
}

// As returns a context of calls by a customer with these roles, through the gateway.
func (s *Server) As(t testing.TB, customerID string, roles ...string) context.Context {
	t.Helper()
	token := accesstest.Token(t, s.private, "test", customerID, time.Now().Add(time.Minute), roles...)
	return access.Outgoing(access.WithToken(t.Context(), token))
}

// Staff returns a context of calls by a member of staff, through the gateway.
func (s *Server) Staff(t testing.TB) context.Context {
	t.Helper()
	return s.As(t, uuid.NewString(), access.RoleStaff)
}

// Service returns a context of calls by another service, on its own account.
func Service(t testing.TB, name string) context.Context {
	t.Helper()
	return context.WithValue(t.Context(), serviceKey{}, name)
}

// Expect fails the test unless err has that code and reason.
func Expect(t testing.TB, what string, err error, code codes.Code, reason string) {
	t.Helper()
	if status.Code(err) != code || rpc.Reason(err) != reason {
		t.Errorf("%s: %v (%q), want %s %s", what, err, rpc.Reason(err), code, reason)
	}
}

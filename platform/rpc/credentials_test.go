package rpc_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/certificate"
	"souk/testkit/certtest"
)

func TestConnectionsCloseWhenTheirPeerIsNoLongerTrusted(t *testing.T) {
	t.Parallel()
	for name, distrustful := range map[string]func(server, client *certificate.Identity) *certificate.Identity{
		"the server's in its client": func(server, _ *certificate.Identity) *certificate.Identity { return server },
		"the client's in its server": func(_, client *certificate.Identity) *certificate.Identity { return client },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil)
			gateway := identity(t, "gateway")
			conn := s.dialAs(t, gateway)
			if err := call(t.Context(), conn); err != nil {
				t.Fatal(err)
			}
			// A long call is under way, such as a client that listens for hours.
			begun, ended := make(chan struct{}), make(chan error, 1)
			s.does(func(ctx context.Context) error { close(begun); <-ctx.Done(); return ctx.Err() })
			go func() { ended <- stream(t.Context(), conn) }()
			<-begun
			s.does(func(context.Context) error { return nil })
			other, err := certtest.New()
			if err != nil {
				t.Fatal(err)
			}
			root := authorityRoot(t)
			root.Until = time.Now().Add(500 * time.Millisecond)
			if err := distrustful(s.identity, gateway).SetRoots(other.Root(), root); err != nil {
				t.Fatal(err)
			}
			if err := call(t.Context(), conn); err != nil {
				t.Errorf("before its time: %v", err)
			}
			select {
			case err := <-ended:
				if status.Code(err) != codes.Unavailable {
					t.Errorf("the open call: %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the open call goes on")
			}
			if time.Now().Before(root.Until) {
				t.Error("the connection ended before its time")
			}
			if err := call(t.Context(), conn); status.Code(err) != codes.Unavailable {
				t.Errorf("another call: %v", err)
			}
		})
	}
}

// authorityRoot is the root of the identities of these tests.
func authorityRoot(t *testing.T) certificate.Root {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	return ca.Root()
}

package service_test

import (
	"context"
	"crypto/ed25519"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
	"souk/testkit/accesstest"
)

func TestTokensAreVerifiedWithTheKeysThatCustomersPublishes(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	customers := newService(t, "customers")
	customers.UseKeys(ownKey(public))
	accessv1.RegisterKeysServiceServer(customers.Server(), publisher{public: public})
	start(t, customers)
	address(t, "customers")

	var mu sync.Mutex
	var caller access.Caller
	s := newService(t, "orders")
	accessv1.RegisterKeysServiceServer(s.Server(), keys{list: func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		caller = access.FromContext(ctx)
		return nil
	}})
	start(t, s)
	client := accessv1.NewKeysServiceClient(dial(t, "orders"))
	eventually(t, 15*time.Second, "the keys are there", func() bool {
		_, err := client.ListKeys(access.WithToken(t.Context(), token(t, private)), &accessv1.ListKeysRequest{})
		if code := status.Code(err); code != codes.OK && code != codes.Unavailable {
			t.Fatal(err)
		}
		return err == nil
	})
	mu.Lock()
	defer mu.Unlock()
	if caller.CustomerID != "customer-1" || caller.Service != "gateway" {
		t.Errorf("called by %+v", caller)
	}
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.ListKeys(access.WithToken(t.Context(), token(t, foreign)), &accessv1.ListKeysRequest{})
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("a foreign token: %v", err)
	}
}

// ownKey is the key source of customers itself.
type ownKey ed25519.PublicKey

// Key implements access.KeySource.
func (k ownKey) Key(context.Context, string) (ed25519.PublicKey, error) {
	return ed25519.PublicKey(k), nil
}

// publisher is the KeysService of customers.
type publisher struct {
	accessv1.UnimplementedKeysServiceServer
	public ed25519.PublicKey
}

func (p publisher) ListKeys(context.Context, *accessv1.ListKeysRequest) (*accessv1.ListKeysResponse, error) {
	return &accessv1.ListKeysResponse{Keys: []*accessv1.Key{{Id: "k", Ed25519PublicKey: p.public}}}, nil
}

func token(t *testing.T, private ed25519.PrivateKey) string {
	t.Helper()
	return accesstest.Token(t, private, "k", "customer-1", time.Now().Add(time.Minute))
}

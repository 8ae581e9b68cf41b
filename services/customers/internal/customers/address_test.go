package customers_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"souk/platform/idempotency"

	"souk/services/customers/internal/customers"
)

var inLeeds = customers.Address{Name: "Ada", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

func keyed(key string) *idempotency.Request {
	return &idempotency.Request{Key: key, Fingerprint: []byte("leeds"), RequestID: "r-" + key}
}

func TestRequestsWithOneKeySaveOneAddress(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada, bob := register(t, s, "ada@example.com"), register(t, s, "bob@example.com")
	ids := make(chan string, 8)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			saved, _, err := s.SaveAddress(t.Context(), ada.ID, inLeeds, keyed("k"))
			for errors.Is(err, customers.ErrContended) {
				saved, _, err = s.SaveAddress(t.Context(), ada.ID, inLeeds, keyed("k"))
			}
			if err != nil {
				t.Error(err)
			}
			ids <- saved.ID
		})
	}
	all.Wait()
	first := <-ids
	for range 7 {
		if id := <-ids; id != first {
			t.Errorf("saved as %s and %s", first, id)
		}
	}
	// The answer stays the same, even if the address is deleted.
	if err := s.ForgetAddress(t.Context(), ada.ID, first); err != nil {
		t.Fatal(err)
	}
	again, replayed, err := s.SaveAddress(t.Context(), ada.ID, inLeeds, keyed("k"))
	if err != nil || !replayed || again.ID != first || again.City != "Leeds" {
		t.Errorf("again: %+v, replayed %t, %v", again, replayed, err)
	}
	if c, err := s.Customer(t.Context(), ada.ID); err != nil || len(c.Addresses) != 0 {
		t.Errorf("addresses %v, %v; want none", c.Addresses, err)
	}
	retried := keyed("k")
	retried.Retried = true
	if _, replayed, err := s.SaveAddress(t.Context(), ada.ID, inLeeds, retried); err != nil || replayed {
		t.Errorf("a call made again for the first request: replayed %t, %v", replayed, err)
	}
	other := keyed("k")
	other.Fingerprint = []byte("york")
	if _, _, err := s.SaveAddress(t.Context(), ada.ID, inLeeds, other); !errors.Is(err, idempotency.ErrReused) {
		t.Errorf("another request: %v", err)
	}
	if saved, replayed, err := s.SaveAddress(t.Context(), bob.ID, inLeeds, keyed("k")); err != nil || replayed || saved.ID == first {
		t.Errorf("another customer: %+v, replayed %t, %v", saved, replayed, err)
	}
}

func TestARefusedAddressDoesNotUseItsKey(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := register(t, s, "ada@example.com")
	for i := range customers.MaxAddresses {
		if _, _, err := s.SaveAddress(t.Context(), ada.ID, inLeeds, keyed(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.SaveAddress(t.Context(), ada.ID, inLeeds, keyed("k")); !errors.Is(err, customers.ErrTooManyAddresses) {
		t.Fatalf("%v, want ErrTooManyAddresses", err)
	}
	c, err := s.Customer(t.Context(), ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetAddress(t.Context(), ada.ID, c.Addresses[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, replayed, err := s.SaveAddress(t.Context(), ada.ID, inLeeds, keyed("k")); err != nil || replayed {
		t.Errorf("with room: replayed %t, %v", replayed, err)
	}
}

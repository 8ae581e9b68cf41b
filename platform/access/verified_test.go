package access_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk/platform/access"
)

func TestAVerifiedTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		v := access.NewVerifier(i)
		token := i.sign(t, header(), claims())
		for range 2 {
			if caller, err := v.Verify(t.Context(), token); err != nil || caller.CustomerID != "customer-1" {
				t.Fatalf("%+v, %v", caller, err)
			}
		}
		time.Sleep(time.Minute + 6*time.Second) // plus the tolerance for clock differences
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, access.ErrInvalidToken) {
			t.Errorf("after its end: %v", err)
		}
	})
}

func TestAVerifiedTokenIsInvalidOnceItsKeyIsRetired(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v := access.NewVerifier(i)
	token := i.sign(t, header(), claims())
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	i.err = access.ErrUnknownKey
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, access.ErrInvalidToken) {
		t.Errorf("its key is retired: %v", err)
	}
	// Another key has this ID now.
	i.err = nil
	_, i.private, _ = ed25519.GenerateKey(nil)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, access.ErrInvalidToken) {
		t.Errorf("its key is another: %v", err)
	}
}

func TestAForgedTokenIsRefusedAfterTheTrueOneWasVerified(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v := access.NewVerifier(i)
	token := i.sign(t, header(), claims())
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	staff := i.sign(t, header(), claims("staff"))
	promoted := staff[:strings.LastIndex(staff, ".")] + token[strings.LastIndex(token, "."):]
	for _, forged := range []string{token + "A", token[:len(token)-1], promoted, ""} {
		if _, err := v.Verify(t.Context(), forged); !errors.Is(err, access.ErrInvalidToken) {
			t.Errorf("%q: %v", forged, err)
		}
	}
}

// This test uses more tokens than fit into the cache.
func TestManyVerifiedTokensAreNotMixedUp(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	v := access.NewVerifier(i)
	const many = 12_000
	tokens := make([]string, many)
	for n := range tokens {
		tokens[n] = i.sign(t, header(), claims().with(object{"sub": fmt.Sprint("customer-", n)}))
	}
	for range 2 {
		for n, token := range tokens {
			if caller, err := v.Verify(t.Context(), token); err != nil || caller.CustomerID != fmt.Sprint("customer-", n) {
				t.Fatalf("token %d is of %+v, %v", n, caller, err)
			}
		}
	}
}

package openid_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/security"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

// linked returns the identities of an account.
func (s shop) linked(t *testing.T, id string) []customers.Identity {
	t.Helper()
	identities, err := s.LinkedIdentities(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return identities
}

// waiting returns the kinds of the mails in the outbox.
func (s shop) waiting(t *testing.T) map[customers.MailKind]int {
	t.Helper()
	var documents []struct{ Kind customers.MailKind }
	cursor, err := s.db.Collection("outbox").Find(t.Context(), bson.D{})
	if err == nil {
		err = cursor.All(t.Context(), &documents)
	}
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[customers.MailKind]int{}
	for _, d := range documents {
		kinds[d.Kind]++
	}
	return kinds
}

// visitOther is visit at the other provider.
func (b *browser) visitOther(t *testing.T, user string) customers.Secret {
	t.Helper()
	return codeIn(t, b.bring(t, "other", b.shop.other.SignIn(t, b.start(t, "other"), user)))
}

func TestALinkEndsAndItsOwnerIsTold(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.register(t, "ada@example.com", true)
	b := s.browser()
	if _, err := s.LinkIdentity(t.Context(), own.ID, b.refusedCode(t, ada), b.cookie); err != nil {
		t.Fatal(err)
	}
	linked := s.linked(t, own.ID)
	if len(linked) != 1 || linked[0].Provider != "main" || uuid.Validate(linked[0].ID()) != nil {
		t.Fatalf("%+v", linked)
	}
	stranger := s.register(t, "eve@example.com", true)
	for who, id := range map[string]string{stranger.ID: linked[0].ID(), own.ID: uuid.NewString()} {
		expect(t, s.UnlinkIdentity(t.Context(), who, id), customers.ErrIdentityNotFound, "what is another's, or nobody's")
	}
	ctx, events := securitytest.Record(t.Context(), t)
	if err := s.UnlinkIdentity(ctx, own.ID, linked[0].ID()); err != nil {
		t.Fatal(err)
	}
	events.Expect(t, security.IdentityUnlinked, own.ID)
	if n := len(s.linked(t, own.ID)); n != 0 {
		t.Errorf("%d identities are left", n)
	}
	_, err := b.enter(t, ada)
	expect(t, err, customers.ErrLinkRequired, "a sign-in with the provider")
	expect(t, s.UnlinkIdentity(t.Context(), own.ID, linked[0].ID()), customers.ErrIdentityNotFound, "again")
	if kinds := s.waiting(t); kinds[customers.IdentityLinked] != 1 || kinds[customers.IdentityUnlinked] != 1 {
		t.Errorf("the mails that wait: %v", kinds)
	}
}

func TestTheOnlyProviderOfAnAccountWithoutAPasswordStays(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	own := b.mustEnter(t, ada).Customer
	first := s.linked(t, own.ID)[0]
	expect(t, s.UnlinkIdentity(t.Context(), own.ID, first.ID()), customers.ErrLastSignIn, "the only one")
	if _, err := s.LinkIdentity(t.Context(), own.ID, b.visitOther(t, ada.ID), b.cookie); err != nil {
		t.Fatal(err)
	}
	if err := s.UnlinkIdentity(t.Context(), own.ID, first.ID()); err != nil {
		t.Errorf("one of two: %v", err)
	}
	expect(t, s.UnlinkIdentity(t.Context(), own.ID, s.linked(t, own.ID)[0].ID()), customers.ErrLastSignIn, "the other")
}

func TestAProviderThatTheShopNoLongerOffersIsNoWayToSignIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	own := b.mustEnter(t, ada).Customer
	first := s.linked(t, own.ID)[0]
	if _, err := s.LinkIdentity(t.Context(), own.ID, b.visitOther(t, ada.ID), b.cookie); err != nil {
		t.Fatal(err)
	}
	s.set(t, "identities", bson.D{{Key: "provider", Value: "other"}}, bson.D{{Key: "provider", Value: "former"}})
	expect(t, s.UnlinkIdentity(t.Context(), own.ID, first.ID()), customers.ErrLastSignIn, "the only one that the shop offers")
}

func TestOfTheLastTwoProvidersOneStaysHoweverTheyAreEnded(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	own := b.mustEnter(t, ada).Customer
	for range 10 {
		for len(s.linked(t, own.ID)) < 2 {
			code := b.visit(t, ada)
			if s.linked(t, own.ID)[0].Provider == "main" {
				code = b.visitOther(t, ada.ID)
			}
			if _, err := s.LinkIdentity(t.Context(), own.ID, code, b.cookie); err != nil {
				t.Fatal(err)
			}
		}
		var both sync.WaitGroup
		for _, identity := range s.linked(t, own.ID) {
			both.Go(func() {
				err := s.UnlinkIdentity(t.Context(), own.ID, identity.ID())
				if err != nil && !errors.Is(err, customers.ErrLastSignIn) && !errors.Is(err, customers.ErrContended) {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if n := len(s.linked(t, own.ID)); n == 0 {
			t.Fatal("nobody can sign in to the account any more")
		}
	}
}

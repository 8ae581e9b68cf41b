package customers_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/crypto/argon2"

	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

func setupWithStore(t *testing.T) (*customers.Service, *mongo.Store) {
	t.Helper()
	store := mongo.New(mongotest.New(t))
	return on(t, store), store
}

func on(t *testing.T, store *mongo.Store) *customers.Service {
	t.Helper()
	return customers.New(store, newIssuer(t, store))
}

func TestASessionEndsThirtyDaysAfterItsLastRefresh(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	s := on(t, store)
	register(t, s, "ada@example.com")
	tokens := login(t, s, "ada@example.com")
	for _, when := range []string{"login", "refresh"} {
		session, err := store.FindSession(t.Context(), sessionOf(tokens))
		if left := time.Until(session.ExpiresAt); err != nil || left < 30*24*time.Hour-time.Minute || left > 30*24*time.Hour {
			t.Errorf("after %s the session ends in %v, %v; want 30 days", when, left, err)
		}
		if when == "login" {
			set(t, db, session.ID, "expires_at", time.Now().Add(time.Minute))
			tokens = refresh(t, s, tokens.Refresh)
		}
	}
	set(t, db, sessionOf(tokens), "expires_at", time.Now().Add(-time.Second))
	refused(t, s, "a session that has ended", tokens.Refresh)
}

func TestTheSweepDeletesOnlyExpiredSessions(t *testing.T) {
	t.Parallel()
	_, store := setupWithStore(t)
	now := time.Now()
	ended := customers.Session{ID: uuid.NewString(), ExpiresAt: now.Add(-time.Second)}
	live := customers.Session{ID: uuid.NewString(), ExpiresAt: now.Add(time.Minute)}
	for _, session := range []customers.Session{ended, live} {
		if err := store.InsertSession(t.Context(), session); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.DeleteExpiredSessions(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, err := store.FindSession(t.Context(), ended.ID); !errors.Is(err, customers.ErrInvalidRefreshToken) {
		t.Errorf("the ended session: %v, want none", err)
	}
	if _, err := store.FindSession(t.Context(), live.ID); err != nil {
		t.Errorf("the live session: %v", err)
	}
}

func TestARefreshForADeletedAccountIsRefused(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	s := on(t, mongo.New(db))
	ada := register(t, s, "ada@example.com")
	tokens, err := s.Login(t.Context(), "ada@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("customers").DeleteOne(t.Context(), bson.D{{Key: "_id", Value: ada.ID}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refresh(t.Context(), tokens.Refresh); !errors.Is(err, customers.ErrInvalidRefreshToken) {
		t.Errorf("refresh: %v, want ErrInvalidRefreshToken", err)
	}
}

// cheapHash returns a hash of the password with lower cost parameters.
func cheapHash() customers.Secret {
	salt := []byte("0123456789abcdef")
	b64 := base64.RawStdEncoding.EncodeToString
	key := argon2.IDKey([]byte(password), salt, 1, 8192, 1, 32)
	return customers.Secret(fmt.Sprintf("$argon2id$v=19$m=8192,t=1,p=1$%s$%s", b64(salt), b64(key)))
}

func TestLoginRaisesTheCostOfAnOldHash(t *testing.T) {
	t.Parallel()
	s, store := setupWithStore(t)
	ada := customers.Customer{ID: uuid.NewString(), Email: "ada@example.com", Name: "Ada", PasswordHash: cheapHash()}
	if err := store.Insert(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Login(t.Context(), ada.Email, password); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.Find(t.Context(), ada.ID)
	if err != nil || !strings.HasPrefix(string(got.PasswordHash), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash has not today's cost (%v)", err)
	}
	if got.Version != 1 {
		t.Errorf("the account changed %d times, want once", got.Version)
	}
}

func TestConcurrentSavesNeverExceedFiftyAddresses(t *testing.T) {
	t.Parallel()
	s, store := setupWithStore(t)
	ada := register(t, s, "ada@example.com")
	home := customers.Address{Name: "Ada", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
	const room, writers = 5, 15
	for range customers.MaxAddresses - room {
		ada.Addresses = append(ada.Addresses, home)
	}
	if err := store.Replace(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	saved := make(chan string, writers)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			address, _, err := s.SaveAddress(t.Context(), ada.ID, home, nil)
			if err == nil {
				saved <- address.ID
			} else if !errors.Is(err, customers.ErrTooManyAddresses) {
				t.Errorf("save: %v", err)
			}
		})
	}
	wg.Wait()
	got, err := s.Customer(t.Context(), ada.ID)
	if err != nil || len(saved) != room || len(got.Addresses) != customers.MaxAddresses {
		t.Errorf("%d were saved and there are %d, %v; want %d and %d", len(saved), len(got.Addresses), err, room, customers.MaxAddresses)
	}
}

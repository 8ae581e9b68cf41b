package customers_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/security"
	"souk/testkit/mongotest"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

func login(t *testing.T, s *customers.Service, email string) customers.Tokens {
	t.Helper()
	tokens, err := s.Login(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func refresh(t *testing.T, s *customers.Service, spent customers.Secret) customers.Tokens {
	t.Helper()
	tokens, err := s.Refresh(t.Context(), spent)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func refused(t *testing.T, s *customers.Service, what string, spent customers.Secret) {
	t.Helper()
	if _, err := s.Refresh(t.Context(), spent); !errors.Is(err, customers.ErrInvalidRefreshToken) {
		t.Errorf("refresh with %s: %v, want ErrInvalidRefreshToken", what, err)
	}
}

func sessionOf(tokens customers.Tokens) string {
	id, _, _ := strings.Cut(string(tokens.Refresh), ".")
	return id
}

// set changes a field of a stored session, for example to simulate the passing of time.
func set(t *testing.T, db *driver.Database, session, field string, value any) {
	t.Helper()
	change := bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: value}}}}
	result, err := db.Collection("sessions").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: session}}, change)
	if err != nil || result.MatchedCount != 1 {
		t.Fatalf("set %s of the session: %v, %v", field, result, err)
	}
}

// bundle returns a service with Ada's account and a session of it.
func bundle(t *testing.T) (*customers.Service, *driver.Database, customers.Tokens) {
	t.Helper()
	db := mongotest.New(t)
	s := on(t, mongo.New(db))
	register(t, s, "ada@example.com")
	return s, db, login(t, s, "ada@example.com")
}

func TestConcurrentUsesOfARefreshTokenGetOneSuccessor(t *testing.T) {
	t.Parallel()
	s, _, first := bundle(t)
	successors := make([]customers.Secret, 20)
	var wg sync.WaitGroup
	for i := range successors {
		wg.Go(func() {
			tokens, err := s.Refresh(t.Context(), first.Refresh)
			if err != nil {
				t.Errorf("refresh: %v", err)
			}
			successors[i] = tokens.Refresh
		})
	}
	wg.Wait()
	for _, successor := range successors {
		if successor != successors[0] || successor == first.Refresh {
			t.Fatal("the uses got different successors")
		}
	}
	refresh(t, s, successors[0])
}

func TestAUsedTokenGetsTheSameSuccessorWithinTheGrace(t *testing.T) {
	t.Parallel()
	s, db, first := bundle(t)
	second := refresh(t, s, first.Refresh)
	set(t, db, sessionOf(first), "rotated_at", time.Now().Add(-6*time.Second))
	if again := refresh(t, s, first.Refresh); again.Refresh != second.Refresh || again.Access == "" {
		t.Error("the spent token got another successor")
	}
	if third := refresh(t, s, second.Refresh); third.Refresh == second.Refresh {
		t.Error("the successor was not spent")
	}
}

func TestAReplayAfterTheGraceEndsTheSession(t *testing.T) {
	t.Parallel()
	s, db, first := bundle(t)
	second := refresh(t, s, first.Refresh)
	set(t, db, sessionOf(first), "rotated_at", time.Now().Add(-10*time.Second))
	ctx, events := securitytest.Record(t.Context(), t)
	if _, err := s.Refresh(ctx, first.Refresh); !errors.Is(err, customers.ErrInvalidRefreshToken) {
		t.Errorf("the spent token: %v, want ErrInvalidRefreshToken", err)
	}
	events.Expect(t, security.SessionRevoked, first.Customer.ID)
	refused(t, s, "its successor", second.Refresh)
	if n := count(t, db, "sessions"); n != 0 {
		t.Errorf("%d sessions are left, want none", n)
	}
}

func TestATokenTwoGenerationsOldEndsTheSessionAtOnce(t *testing.T) {
	t.Parallel()
	s, _, first := bundle(t)
	third := refresh(t, s, refresh(t, s, first.Refresh).Refresh)
	refused(t, s, "the first token", first.Refresh)
	refused(t, s, "the third token", third.Refresh)
}

// During an upgrade, a process of an earlier version without the grace replaces the valid token, but not the new fields.
func TestAUsedTokenGetsNoInvalidSuccessor(t *testing.T) {
	t.Parallel()
	s, db, first := bundle(t)
	refresh(t, s, first.Refresh)
	hash := sha256.Sum256([]byte("another token"))
	set(t, db, sessionOf(first), "token_hash", hash[:])
	refused(t, s, "the spent token", first.Refresh)
}

func TestInvalidRefreshTokensAreRefused(t *testing.T) {
	t.Parallel()
	s, db, tokens := bundle(t)
	for _, bad := range []customers.Secret{"", ".", "x", "x.y", "a\x00b.y", customers.Secret(uuid.NewString() + ".y"), tokens.Access} {
		refused(t, s, "what is none", bad)
	}
	if n := count(t, db, "sessions"); n != 1 {
		t.Errorf("%d sessions are left, want Ada's", n)
	}
	refused(t, s, "a forged token of a session", customers.Secret(sessionOf(tokens)+"."+strings.Repeat("A", 43)))
	refused(t, s, "the session's token after a forged one", tokens.Refresh)
}

// Sessions from before the grace existed lack its fields.
func TestASessionFromBeforeTheGraceStaysValid(t *testing.T) {
	t.Parallel()
	s, db, _ := bundle(t)
	id, secret := uuid.NewString(), "a secret that was random"
	hash := sha256.Sum256([]byte(secret))
	var ada struct {
		ID string `bson:"_id"`
	}
	if err := db.Collection("customers").FindOne(t.Context(), bson.D{}).Decode(&ada); err != nil {
		t.Fatal(err)
	}
	document := bson.D{
		{Key: "_id", Value: id}, {Key: "customer_id", Value: ada.ID}, {Key: "token_hash", Value: hash[:]},
		{Key: "created_at", Value: time.Now()}, {Key: "expires_at", Value: time.Now().Add(time.Hour)},
	}
	if _, err := db.Collection("sessions").InsertOne(t.Context(), document); err != nil {
		t.Fatal(err)
	}
	refresh(t, s, refresh(t, s, customers.Secret(id+"."+secret)).Refresh)
}

// The stored data must contain neither a token nor enough to derive one.
func TestNoTokenIsStored(t *testing.T) {
	t.Parallel()
	s, db, first := bundle(t)
	second := refresh(t, s, first.Refresh)
	var document bson.Raw
	if err := db.Collection("sessions").FindOne(t.Context(), bson.D{}).Decode(&document); err != nil {
		t.Fatal(err)
	}
	for _, token := range []customers.Secret{first.Refresh, second.Refresh} {
		_, secret, _ := strings.Cut(string(token), ".")
		if strings.Contains(string(document), secret) {
			t.Error("the session's document holds a token")
		}
	}
}

package customers_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/field"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

const newPassword = customers.Secret("another horse")

// slow is a store that runs a function before it stores a session, after everything for the session was read.
type slow struct {
	*mongo.Store
	meanwhile func()
}

func (s *slow) Rotate(ctx context.Context, next customers.Session) error {
	s.meanwhile()
	return s.Store.Rotate(ctx, next)
}

func (s *slow) InsertSession(ctx context.Context, session customers.Session) error {
	s.meanwhile()
	return s.Store.InsertSession(ctx, session)
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := register(t, s, "ada@example.com")
	register(t, s, "bob@example.com")
	here, there, bobs := login(t, s, "ada@example.com"), login(t, s, "ada@example.com"), login(t, s, "bob@example.com")
	if err := s.ChangePassword(t.Context(), ada.ID, sessionOf(here), password, newPassword); err != nil {
		t.Fatal(err)
	}
	here = refresh(t, s, here.Refresh)
	refused(t, s, "another session", there.Refresh)
	refresh(t, s, bobs.Refresh)
	if _, err := s.Login(t.Context(), "ada@example.com", password); !errors.Is(err, customers.ErrInvalidCredentials) {
		t.Errorf("login with the old password: %v, want ErrInvalidCredentials", err)
	}
	again, err := s.Login(t.Context(), "ada@example.com", newPassword)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangePassword(t.Context(), ada.ID, sessionOf(again), newPassword, password); err != nil {
		t.Fatal(err)
	}
	refused(t, s, "the session that outlived the first change", here.Refresh)
	refresh(t, s, again.Refresh)
}

func TestChangingThePasswordChecksBothPasswords(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := register(t, s, "ada@example.com")
	for _, bad := range []customers.Secret{"short", "ADA@example.com"} {
		var invalid *field.Error
		err := s.ChangePassword(t.Context(), ada.ID, "session", password, bad)
		if !errors.As(err, &invalid) || invalid.Violations[0].Field != "new_password" {
			t.Errorf("a bad password: %v, want a violation of new_password", err)
		}
	}
	wrongIn(t, "current_password", s.ChangePassword(t.Context(), ada.ID, "session", "wrong password", newPassword))
	login(t, s, "ada@example.com")
}

// wrongIn fails the test unless err reports a wrong password in the field.
func wrongIn(t *testing.T, fieldName string, err error) {
	t.Helper()
	var invalid *field.Error
	if !errors.As(err, &invalid) || len(invalid.Violations) != 1 || invalid.Violations[0].Field != fieldName {
		t.Errorf("a wrong password: %v, want a violation of %s", err, fieldName)
	}
}

func TestConcurrentRefreshAndLoginDoNotSurviveTheEndOfTheirSession(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*testing.T, *customers.Service, string){
		"a change of the password": func(t *testing.T, s *customers.Service, id string) {
			if err := s.ChangePassword(t.Context(), id, "another session", password, newPassword); err != nil {
				t.Errorf("change the password: %v", err)
			}
		},
		"the deletion of the account": func(t *testing.T, s *customers.Service, id string) {
			if err := s.DeleteAccount(t.Context(), id, password); err != nil {
				t.Errorf("delete: %v", err)
			}
		},
	}
	for name, end := range ends {
		t.Run("a refresh and "+name, func(t *testing.T) {
			t.Parallel()
			store := mongo.New(mongotest.New(t))
			s := on(t, store)
			ada := register(t, s, "ada@example.com")
			tokens := login(t, s, "ada@example.com")
			racing := customers.New(&slow{Store: store, meanwhile: func() { end(t, s, ada.ID) }}, newIssuer(t, store))
			successor, err := racing.Refresh(t.Context(), tokens.Refresh)
			if err == nil {
				refused(t, s, "the successor", successor.Refresh)
			} else if !errors.Is(err, customers.ErrInvalidRefreshToken) {
				t.Errorf("refresh: %v, want ErrInvalidRefreshToken", err)
			}
			refused(t, s, "the spent token", tokens.Refresh)
		})
		t.Run("a login and "+name, func(t *testing.T) {
			t.Parallel()
			store := mongo.New(mongotest.New(t))
			s := on(t, store)
			ada := register(t, s, "ada@example.com")
			racing := customers.New(&slow{Store: store, meanwhile: func() { end(t, s, ada.ID) }}, newIssuer(t, store))
			refused(t, s, "a session opened meanwhile", login(t, racing, "ada@example.com").Refresh)
		})
	}
}

// hasty is a store that runs a function once, before an account is read by its ID.
type hasty struct {
	*mongo.Store
	once      sync.Once
	meanwhile func()
}

func (h *hasty) Find(ctx context.Context, id string) (customers.Customer, error) {
	h.once.Do(h.meanwhile)
	return h.Store.Find(ctx, id)
}

func TestRehashingAtLoginDoesNotUndoAPasswordChange(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	s := on(t, store)
	ada := customers.Customer{ID: uuid.NewString(), Email: "ada@example.com", Name: "Ada", PasswordHash: cheapHash()}
	if err := store.Insert(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	racing := customers.New(&hasty{Store: store, meanwhile: func() {
		if err := s.ChangePassword(t.Context(), ada.ID, "session", password, newPassword); err != nil {
			t.Errorf("change the password: %v", err)
		}
	}}, newIssuer(t, store))
	refused(t, s, "the session of the old password", login(t, racing, ada.Email).Refresh)
	if _, err := s.Login(t.Context(), ada.Email, newPassword); err != nil {
		t.Errorf("login with the new password: %v", err)
	}
}

func TestOfTwoConcurrentPasswordChangesOneSucceeds(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := register(t, s, "ada@example.com")
	sessions := []customers.Tokens{login(t, s, "ada@example.com"), login(t, s, "ada@example.com")}
	errs := make(chan error, len(sessions))
	for _, session := range sessions {
		go func() { errs <- s.ChangePassword(t.Context(), ada.ID, sessionOf(session), password, newPassword) }()
	}
	first, second := <-errs, <-errs
	if (first == nil) == (second == nil) {
		t.Errorf("the changes: %v and %v; want one through", first, second)
	}
	wrongIn(t, "current_password", errors.Join(first, second))
	_, here := s.Refresh(t.Context(), sessions[0].Refresh)
	_, there := s.Refresh(t.Context(), sessions[1].Refresh)
	if (here == nil) == (there == nil) {
		t.Errorf("the sessions: %v and %v; want one to live", here, there)
	}
}

func TestDeletionRemovesAllDataAndFreesTheEmail(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	s := on(t, mongo.New(db))
	ada := register(t, s, "ada@example.com")
	tokens := login(t, s, "ada@example.com")
	login(t, s, "ada@example.com")
	for _, step := range []func(context.Context, string, customers.Secret) error{s.PrepareDeletion, s.DeleteAccount} {
		wrongIn(t, "password", step(t.Context(), ada.ID, "wrong password"))
	}
	if err := s.PrepareDeletion(t.Context(), ada.ID, password); err != nil {
		t.Fatal(err)
	}
	login(t, s, "ada@example.com")
	for range 2 { // the client may repeat the request
		if err := s.PrepareDeletion(t.Context(), ada.ID, password); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteAccount(t.Context(), ada.ID, password); err != nil {
			t.Fatal(err)
		}
	}
	for _, collection := range []string{"customers", "emails", "sessions", "intents"} {
		if n := count(t, db, collection); n != 0 {
			t.Errorf("%d documents are left in %s", n, collection)
		}
	}
	refused(t, s, "a session of the deleted account", tokens.Refresh)
	if again := register(t, s, "ada@example.com"); again.ID == ada.ID {
		t.Error("the new account has the id of the old one")
	}
	if err := s.DeleteAccount(t.Context(), ada.ID, password); err != nil {
		t.Fatal(err)
	}
	login(t, s, "ada@example.com")
}

func TestStaffCannotDeleteTheirAccounts(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	if err := s.EnsureStaff(t.Context(), "staff@example.com", password); err != nil {
		t.Fatal(err)
	}
	staff := login(t, s, "staff@example.com").Customer
	for _, step := range []func(context.Context, string, customers.Secret) error{s.PrepareDeletion, s.DeleteAccount} {
		if err := step(t.Context(), staff.ID, password); !errors.Is(err, customers.ErrStaffAccount) {
			t.Errorf("deletion: %v, want ErrStaffAccount", err)
		}
	}
	login(t, s, "staff@example.com")
}

// Each case is the state after a crash between two writes of a deletion.
func TestAnInterruptedDeletionCanBeRepeated(t *testing.T) {
	t.Parallel()
	for _, gone := range [][]string{{"emails"}, {"emails", "customers"}} {
		db := mongotest.New(t)
		s := on(t, mongo.New(db))
		ada := register(t, s, "ada@example.com")
		login(t, s, "ada@example.com")
		for _, collection := range gone {
			if _, err := db.Collection(collection).DeleteOne(t.Context(), bson.D{}); err != nil {
				t.Fatal(err)
			}
		}
		register(t, s, "ada@example.com")
		if err := s.DeleteAccount(t.Context(), ada.ID, password); err != nil {
			t.Errorf("without %v: %v", gone, err)
		}
		login(t, s, "ada@example.com")
		for _, collection := range []string{"customers", "emails", "sessions"} {
			if n := count(t, db, collection); n != 1 {
				t.Errorf("without %v: %d documents in %s, want those of the new account", gone, n, collection)
			}
		}
	}
}

func TestAccountsLeftWithoutAnEmailAreSwept(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	s := on(t, store)
	kept := register(t, s, "ada@example.com")
	accounts := map[string]bool{kept.ID: true}
	hourAgo := time.Now().Add(-time.Hour - time.Minute)
	for _, orphan := range []struct {
		id, email string
		made      time.Time
		stays     bool
	}{
		{"old and reachable", "bob@example.com", hourAgo, true},
		{"never reachable", "cy@example.com", hourAgo, false},
		{"replaced", "ada@example.com", hourAgo, false},
		{"registering", "di@example.com", time.Now(), true},
	} {
		document := bson.D{{Key: "_id", Value: orphan.id}, {Key: "email", Value: orphan.email}, {Key: "created_at", Value: orphan.made}}
		intent := bson.D{{Key: "_id", Value: orphan.id}, {Key: "email", Value: orphan.email}, {Key: "at", Value: orphan.made}}
		_, err := db.Collection("customers").InsertOne(t.Context(), document)
		_, begun := db.Collection("intents").InsertOne(t.Context(), intent)
		if err := errors.Join(err, begun); err != nil {
			t.Fatal(err)
		}
		accounts[orphan.id] = orphan.stays
	}
	email := bson.D{{Key: "_id", Value: "bob@example.com"}, {Key: "customer_id", Value: "old and reachable"}}
	if _, err := db.Collection("emails").InsertOne(t.Context(), email); err != nil {
		t.Fatal(err)
	}
	if err := s.SweepUnreachable(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, stays := range accounts {
		if _, err := store.Find(t.Context(), id); (err == nil) != stays {
			t.Errorf("account %q: %v; want it kept: %v", id, err, stays)
		}
	}
	login(t, s, "ada@example.com")
}

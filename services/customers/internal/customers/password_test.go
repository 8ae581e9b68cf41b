package customers

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestAHashMatchesItsPasswordOnly(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(string(hash), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash = %q, %v; want PHC format at m=19456,t=2,p=1", string(hash), err)
	}
	again, err := h.Hash(t.Context(), "correct horse")
	if err != nil || again == hash {
		t.Errorf("two hashes of a password have one salt (%v)", err)
	}
	for password, want := range map[Secret]bool{"correct horse": true, "Correct horse": false, "": false, "correct horse\x00": false} {
		match, outdated, err := h.Matches(t.Context(), password, hash)
		if err != nil || match != want || outdated {
			t.Errorf("%q matches: %v, outdated: %v, %v; want %v", string(password), match, outdated, err, want)
		}
	}
}

func TestAMalformedHashIsAnErrorWithoutTheHash(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	for _, hash := range []Secret{
		"", "plain", "$2b$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$a2V5", "$argon2id$v=16$m=19456,t=2,p=1$c2FsdA$a2V5",
		"$argon2id$v=19$m=19456,t=0,p=1$c2FsdA$a2V5", "$argon2id$v=19$m=19456,t=2,p=0$c2FsdA$a2V5", "$argon2id$v=19$m=x$c2FsdA$a2V5",
		"$argon2id$v=19$m=19456,t=2,p=1$!$a2V5",
	} {
		_, _, err := h.Matches(t.Context(), "correct horse", hash)
		if !errors.Is(err, errHash) || hash != "" && strings.Contains(err.Error(), string(hash)) {
			t.Errorf("%q: %v, want errHash", string(hash), err)
		}
	}
}

// nobody is a store without accounts.
type nobody struct{ Store }

func (nobody) FindByEmail(context.Context, string) (Customer, error) { return Customer{}, ErrNotFound }

// A caller who gives up while every slot is taken must not be told that the e-mail is unknown.
func TestLoginThatCannotBeCheckedInTimeIsNotRefused(t *testing.T) {
	t.Parallel()
	s := New(nobody{}, nil)
	for range cap(s.hasher.slots) {
		s.hasher.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, email := range []string{"nobody@example.com", "no e-mail"} {
		if _, err := s.Login(ctx, email, "correct horse"); !errors.Is(err, context.Canceled) || errors.Is(err, ErrInvalidCredentials) {
			t.Errorf("login as %q: %v, want canceled", email, err)
		}
	}
	if _, err := s.Register(ctx, "ada@example.com", "correct horse", "Ada"); !errors.Is(err, context.Canceled) {
		t.Errorf("register: %v, want canceled", err)
	}
}

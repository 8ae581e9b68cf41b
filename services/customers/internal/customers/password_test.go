package customers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"
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
	key := Secret(strings.Repeat("A", 43)) // 32 bytes
	for _, hash := range []Secret{
		"", "plain", "$2b$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$a2V5", "$argon2id$v=16$m=19456,t=2,p=1$c2FsdA$a2V5",
		"$argon2id$v=19$m=19456,t=0,p=1$c2FsdA$a2V5", "$argon2id$v=19$m=19456,t=2,p=0$c2FsdA$a2V5", "$argon2id$v=19$m=x$c2FsdA$a2V5",
		"$argon2id$v=19$m=19456,t=2,p=1$!$" + key, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$a2V5", "$argon2id$v=19$m=19456,t=2,p=1junk$c2FsdA$" + key,
	} {
		_, _, err := h.Matches(t.Context(), "correct horse", hash)
		if !errors.Is(err, errHash) || hash != "" && strings.Contains(err.Error(), string(hash)) {
			t.Errorf("%q: %v, want errHash", string(hash), err)
		}
	}
}

// An attacker who can write a hash must not be able to stop the service with it.
func TestATooExpensiveHashIsNotComputed(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	h.idKey = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		t.Error("a derivation was run")
		return nil
	}
	key := strings.Repeat("A", 43)
	for _, cost := range []string{
		"m=4194304,t=2,p=1", "m=155649,t=2,p=1", "m=4294967295,t=2,p=1", "m=4294967296,t=2,p=1", "m=19456,t=17,p=1",
		"m=19456,t=2,p=5", "m=19456,t=2,p=256", "m=0,t=2,p=1", "m=-1,t=2,p=1",
	} {
		hash := Secret("$argon2id$v=19$" + cost + "$c2FsdHNhbHQ$" + key)
		if _, _, err := h.Matches(t.Context(), "correct horse", hash); !errors.Is(err, errHash) {
			t.Errorf("%s: %v, want errHash", cost, err)
		}
	}
	long := Secret("$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 1000) + "$" + key)
	if _, _, err := h.Matches(t.Context(), "correct horse", long); !errors.Is(err, errHash) {
		t.Errorf("a long salt: %v, want errHash", err)
	}
}

// people is a store of accounts by e-mail address.
type people struct {
	Store
	accounts map[string]Customer
}

func (p people) FindByEmail(_ context.Context, email string) (Customer, error) {
	if c, ok := p.accounts[email]; ok {
		return c, nil
	}
	return Customer{}, ErrNotFound
}

func (people) Find(context.Context, string) (Customer, error) { return Customer{}, ErrNotFound }

// derivation is the cost of a hash.
type derivation struct {
	time, memory uint32
	threads      uint8
	salt, key    int
}

func TestAPasswordMatchesInEveryUnicodeForm(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	composed, decomposed := Secret("G\u00e4nsebl\u00fcmchen \ufb01"), Secret("Ga\u0308nseblu\u0308mchen \ufb01")
	plain := Secret("G\u00e4nsebl\u00fcmchen fi")
	// raw hashes the password as typed, like earlier versions.
	raw := func(password Secret) Secret {
		salt := make([]byte, saltSize)
		return encode(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, keySize))
	}
	hash, err := h.Hash(t.Context(), decomposed)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what           string
		password, hash Secret
		match, anew    bool
	}{
		{"composed", composed, hash, true, false}, {"decomposed", decomposed, hash, true, false}, {"without ligature", plain, hash, true, false},
		{"without accents", "Gansebluemchen fi", hash, false, false},
		{"as it was typed for an old hash", decomposed, raw(decomposed), true, true},
		{"in normal form for an old hash of that", decomposed, raw(plain), true, false},
		{"of an old hash, typed another way", composed, raw(decomposed), false, true},
	} {
		match, anew, err := h.Matches(t.Context(), test.password, test.hash)
		if err != nil || match != test.match || match && anew != test.anew {
			t.Errorf("%s: match %v, to be made anew %v, %v; want %v, %v", test.what, match, anew, err, test.match, test.anew)
		}
	}
}

func TestLoginCostsTheSameForKnownAndUnknownEmails(t *testing.T) {
	t.Parallel()
	s := New(people{}, nil)
	hash, err := s.hasher.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	s.store = people{accounts: map[string]Customer{"ada@example.com": {Email: "ada@example.com", PasswordHash: hash}}}
	var run []derivation
	s.hasher.idKey = func(password, salt []byte, time, memory uint32, threads uint8, size uint32) []byte {
		run = append(run, derivation{time, memory, threads, len(salt), int(size)})
		return argon2.IDKey(password, salt, time, memory, threads, size)
	}
	want := derivation{argonTime, argonMemory, argonThreads, saltSize, keySize}
	// A password that is not in its normal form is also tried as typed.
	for wrong, times := range map[Secret]int{"wrong password": 1, "wrong pa\u0308ssword": 2} {
		for _, email := range []string{"ada@example.com", "nobody@example.com", "no e-mail", ""} {
			run = nil
			if _, err := s.Login(t.Context(), email, wrong); !errors.Is(err, ErrInvalidCredentials) {
				t.Errorf("login as %q: %v, want ErrInvalidCredentials", email, err)
			}
			if len(run) != times || run[0] != want || run[times-1] != want {
				t.Errorf("login as %q ran %+v, want %+v %d times", email, run, want, times)
			}
		}
	}
}

func TestPasswordsBeyondTheQueueAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(people{}, nil)
		release := make(chan struct{})
		s.hasher.idKey = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
			<-release
			return make([]byte, keySize+1) // matches no account
		}
		login := func() error {
			_, err := s.Login(t.Context(), "ada@example.com", "correct horse")
			return err
		}
		within := cap(s.hasher.slots) + mostWaiting
		answers := make(chan error, within)
		for range within {
			go func() { answers <- login() }()
		}
		synctest.Wait()
		if err := login(); !errors.Is(err, ErrBusy) {
			t.Errorf("a login beyond the queue: %v, want ErrBusy", err)
		}
		close(release)
		for range within {
			if err := <-answers; !errors.Is(err, ErrInvalidCredentials) {
				t.Errorf("a login in the queue: %v, want ErrInvalidCredentials", err)
			}
		}
		if err := login(); !errors.Is(err, ErrInvalidCredentials) {
			t.Errorf("a login after the rush: %v, want ErrInvalidCredentials", err)
		}
	})
}

// If the caller gives up while all slots are taken, the answer must not be that the credentials are wrong.
func TestALoginCanceledWhileWaitingIsNotInvalidCredentials(t *testing.T) {
	t.Parallel()
	s := New(people{}, nil)
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

func TestThePasswordOfACanceledCallerIsNotHashed(t *testing.T) {
	t.Parallel()
	h := NewHasher()
	h.idKey = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		t.Error("a password was hashed that nobody waits for")
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// If a slot is free and the caller has left, a select statement would choose randomly.
	for range 100 {
		if _, err := h.Hash(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
			t.Fatalf("err = %v", err)
		}
	}
}

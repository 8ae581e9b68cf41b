package customers

import (
	"strings"
	"testing"

	"souk/platform/field"
)

// FuzzPassword checks that every new password is either accepted or refused, and that its normal form is stable.
func FuzzPassword(f *testing.F) {
	for _, seed := range []string{
		"password", "correct horse", "G\u00e4nsebl\u00fcmchen", "Ga\u0308nseblu\u0308mchen", "密码密码密码密码", "\u1112\u1161\u11ab\u1100\u1173\u11af\u1112\u1161\u11ab", "\ufdfa\ufdfa\ufdfa",
		"ada@example.com", "\x00\x00\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff", "4@8({[<3691!|05$7+%24@8({[<3691!", "1990-01-02", "\n\n\n\n\n\n\n\n",
	} {
		f.Add(seed, "Ada")
	}
	f.Fuzz(func(t *testing.T, password, name string) {
		var check field.Checker
		checkPassword(&check, "password", Secret(password), "ada@example.com", name)
		normal := normalForm(Secret(password))
		if again := normalForm(normal); again != normal {
			t.Errorf("%q has the normal forms %q and %q", password, string(normal), string(again))
		}
	})
}

// FuzzHash checks that an invalid stored hash is an error, and that no hash is accepted that costs so much more than usual that
// sign-ins could overload the machine.
func FuzzHash(f *testing.F) {
	f.Add(string(NewHasher().unknown))
	for _, cost := range []string{"m=4194304,t=2,p=1", "m=19456,t=4294967295,p=1", "m=8,t=1,p=255", "m=0,t=1,p=1", "m=19456,t=2,p=1,x=1", "m=-1,t=2,p=1"} {
		f.Add("$argon2id$v=19$" + cost + "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	}
	f.Fuzz(func(t *testing.T, hash string) {
		p, err := decode(Secret(hash))
		if err != nil {
			if hash != "" && len(hash) > 3 && strings.Contains(err.Error(), hash) {
				t.Errorf("the error shows the hash: %v", err)
			}
			return
		}
		if p.time < 1 || p.threads < 1 || len(p.key) == 0 || p.memory > 16*argonMemory || p.time > 16*argonTime || p.threads > 16 {
			t.Errorf("%q is taken for a hash: %d KiB, %d times, %d threads, %d bytes", hash, p.memory, p.time, p.threads, len(p.key))
		}
	})
}

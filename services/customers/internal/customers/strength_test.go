package customers

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

func TestGuessablePasswordsAreDetected(t *testing.T) {
	t.Parallel()
	for password, want := range map[Secret]bool{
		"password": true, "12345678": true, "Password1!": true, "P@ssw0rd": true, "p4ssw0rd": true, "qwertyuiop": true, "iloveyou": true,
		"sunshine1": true, "drowssap": true, "passwordpassword": true, "11111111": true, "1q2w3e4r": true, "changeme": true,
		"ada.lovelace": true, "Lovelace1": true, "ada.lovelace@example.com1": true, "ｐａｓｓｗｏｒｄ": true,
		Secret(strings.Repeat("a", 200)): true, Secret(strings.Repeat("password", 25)): true,
		"correct horse": false, "battery staple": false, "G\u00e4nsebl\u00fcmchen": false, "wrong password": false,
		"Z3WCQFEHWFWVFEWJDCW5VQT2UJ": false, "staff-on-one-machine": false, "съешь же ещё этих": false,
	} {
		if got := guessable(password, "ada.lovelace@example.com", "Ada Lovelace"); got != want {
			t.Errorf("%.30q is guessable: %v, want %v", string(password), got, want)
		}
	}
}

// The estimate tries combinations of letters. It must not cost a multiple of the hash.
func TestEstimatingAPasswordCostsNoMoreThanHashingIt(t *testing.T) {
	hash := cheapestOf(func() {
		argon2.IDKey([]byte("x"), make([]byte, saltSize), argonTime, argonMemory, argonThreads, keySize)
	})
	for _, hostile := range []Secret{
		Secret(strings.Repeat("4@8({[<3691!|05$7+%2", 10)), "{55@5@79!2+@[93(!{{4$(!|2|4<(0[6<871$9!<", "7!4066($8%8!!(6+67(2$2@8$96{16(5<+@+[{32",
		Secret(strings.Repeat("password1/2/1990", 12)), Secret(strings.Repeat("aA1!", 50)), Secret(strings.Repeat("茶", 200)), Secret(strings.Repeat("ﷺ", 200)),
	} {
		cost := cheapestOf(func() { guessable(hostile, "ada@example.com", strings.Repeat("a b ", 25)) })
		t.Logf("measured: %.20q costs %v of a processor, a hash %v", string(hostile), cost, hash)
		if cost > 5*hash {
			t.Errorf("%.20q costs %v of a processor to estimate, and %v to hash", string(hostile), cost, hash)
		}
	}
}

// cheapestOf returns the least processor time of three runs of work. It measures the whole process, so no test may run in
// parallel.
func cheapestOf(work func()) time.Duration {
	least := time.Hour
	for range 3 {
		before := processor()
		work()
		least = min(least, processor()-before)
	}
	return least
}

func processor() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package customers

import (
	"crypto/rand"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
)

const (
	// stepTime is the time for which a device shows a code, and drift how many steps its clock may be wrong (RFC 6238, 5.2).
	stepTime = 30 * time.Second
	drift    = 1

	recoveryCodes = 10
	// recoverySize is the number of characters of a recovery code, each of which has five random bits.
	recoverySize = 16
	// group is the number of characters of a recovery code between dashes.
	group = 4
)

// stepOf returns the time step whose code is given. ok is false if it is the code of no step that may be now.
func stepOf(secret Secret, code string, at time.Time) (step int64, ok bool) {
	current := at.Unix() / int64(stepTime.Seconds())
	for near := current - drift; near <= current+drift; near++ {
		want, err := hotp.GenerateCode(string(secret), uint64(near))
		if err == nil && subtle.ConstantTimeCompare([]byte(code), []byte(want)) == 1 {
			step, ok = near, true
		}
	}
	return step, ok
}

// newRecoveryCodes returns codes as they are shown, and their hashes. They are random, so that a plain hash tells nothing of them.
func newRecoveryCodes() (codes []Secret, hashes []string) {
	for range recoveryCodes {
		code := rand.Text()[:recoverySize]
		hashes = append(hashes, tokenHash(code))
		var groups []string
		for i := 0; i < recoverySize; i += group {
			groups = append(groups, code[i:i+group])
		}
		codes = append(codes, Secret(strings.Join(groups, "-")))
	}
	return codes, hashes
}

// normalCode returns a code as it is compared. People copy codes with spaces and dashes, and type them in small letters.
func normalCode(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

package customers

import (
	"crypto/rand"
	"hash/crc32"
	"strings"
)

// An API key is keyPrefix, keyRandom random characters, and the CRC-32 of these in checkLength characters, all in base 62. By the prefix,
// scanners for secrets find keys in code. By the checksum, a mistyped key is refused without a look at the database
// (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/).
const (
	keyPrefix = "souk_"
	alphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	// 43 characters have 256 bits.
	keyRandom   = 43
	checkLength = 6
)

func newKey() string {
	random := make([]byte, 0, keyRandom)
	for len(random) < keyRandom {
		var some [1]byte
		_, _ = rand.Read(some[:]) // never fails (crypto/rand)
		// Only 62 × 4 values are used, so that each character is as likely as any other.
		if some[0] < 62*4 {
			random = append(random, alphabet[some[0]%62])
		}
	}
	return keyPrefix + string(random) + checksum(string(random))
}

// isKey reports whether a text has the form and the checksum of a key.
func isKey(text string) bool {
	rest, ok := strings.CutPrefix(text, keyPrefix)
	return ok && len(rest) == keyRandom+checkLength && rest[keyRandom:] == checksum(rest[:keyRandom])
}

func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	digits := [checkLength]byte{}
	for i := checkLength - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%62]
		sum /= 62
	}
	return string(digits[:])
}

package order

import "crypto/rand"

// Crockford's base 32 (https://www.crockford.com/base32.html): no I, L, O or U to be misread.
const numberAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const numberLength = 8

// newNumber returns an order number for people, such as S-7K3M9QX2. It is random, so that no number tells
// of another or of how many there are; one in 10¹² is taken already, which the store notices.
func newNumber() string {
	digits := make([]byte, numberLength)
	_, _ = rand.Read(digits) // never fails, since Go 1.24
	for i, b := range digits {
		digits[i] = numberAlphabet[int(b)%len(numberAlphabet)]
	}
	return "S-" + string(digits)
}

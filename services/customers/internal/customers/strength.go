package customers

import (
	"strings"
	"unicode"

	"github.com/trustelem/zxcvbn"
)

const (
	// leastStrength is the minimum zxcvbn score of a new password: it takes at least 1,000,000 guesses
	// (https://github.com/dropbox/zxcvbn).
	leastStrength = 2
	// Only this many characters are estimated, because the cost grows with the cube of their number.
	estimated = 40
)

// sameLetter unifies characters that zxcvbn treats as variants of one letter, such as ( and [ for c. zxcvbn tries all their
// combinations. Without this, the worst password found would take 64 ms of processor time instead of 15 ms.
var sameLetter = strings.NewReplacer("{", "(", "[", "(", "<", "(", "|", "1")

// guessable reports whether a password can be found within a million guesses, with common passwords, words, names, dates,
// keyboard patterns, and the customer's e-mail address and name. NIST SP 800-63B (5.1.1.2) requires such a check.
func guessable(password Secret, email, name string) bool {
	text := []rune(normalForm(password))
	text = text[:min(len(text), estimated)]
	local, _, _ := strings.Cut(email, "@")
	own := append([]string{email, local}, strings.FieldsFunc(email+" "+name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})...)
	return zxcvbn.PasswordStrength(sameLetter.Replace(string(text)), own).Score < leastStrength
}

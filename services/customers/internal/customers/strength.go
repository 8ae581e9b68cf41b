package customers

import (
	"strings"
	"unicode"

	"github.com/trustelem/zxcvbn"
)

const (
	// leastStrength is the score of zxcvbn from which a password is taken: 1,000,000 guesses or more (https://github.com/dropbox/zxcvbn).
	leastStrength = 2
	// The estimate looks at this many characters, because its cost grows with the third power of their number.
	estimated = 40
)

// sameLetter spells characters that the estimate takes for one letter alike, such as ( and [ for c. It tries each combination
// of them, and a password of many would cost four times as much: 64 ms of a processor instead of 15 ms for the worst that was found.
var sameLetter = strings.NewReplacer("{", "(", "[", "(", "<", "(", "|", "1")

// guessable reports whether a password is found within a million guesses by who knows common passwords, words, names, dates and
// patterns of keys, and the customer's e-mail and name. NIST SP 800-63B (5.1.1.2) asks for this.
func guessable(password Secret, email, name string) bool {
	text := []rune(normalForm(password))
	text = text[:min(len(text), estimated)]
	local, _, _ := strings.Cut(email, "@")
	own := append([]string{email, local}, strings.FieldsFunc(email+" "+name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})...)
	return zxcvbn.PasswordStrength(sameLetter.Replace(string(text)), own).Score < leastStrength
}

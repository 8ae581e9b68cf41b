package customers

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"souk/platform/country"
	"souk/platform/email"
	"souk/platform/field"
)

const (
	maxEmail    = 254 // RFC 5321, 4.5.3.1.3
	minPassword = 8
	maxPassword = 200
	maxName     = 100
	maxLine     = 200
)

// normalizeEmail returns an e-mail as accounts are named by it, and whether it is one.
func normalizeEmail(text string) (string, bool) {
	if !utf8.ValidString(text) {
		return text, false
	}
	address := email.Normalize(text)
	parsed, err := mail.ParseAddress(address)
	return address, err == nil && parsed.Address == address && len(address) <= maxEmail && printable(address)
}

// checkPassword checks a new password of the account with that e-mail (normalized) by what NIST SP 800-63B (5.1.1.2) asks:
// length, and nothing that is guessed first. It asks for no digits or signs, and neither do we.
func checkPassword(check *field.Checker, name string, password Secret, email string) {
	length := utf8.RuneCountInString(string(password))
	check.Check(length >= minPassword && length <= maxPassword, name,
		fmt.Sprintf("must have %d to %d characters", minPassword, maxPassword))
	asEmail, _ := normalizeEmail(string(password))
	check.Check(email == "" || asEmail != email, name, "must not be the e-mail address")
}

func checkName(check *field.Checker, name string) {
	checkText(check, "name", name, true, maxName)
}

func checkAddress(a Address) error {
	var check field.Checker
	checkText(&check, "name", a.Name, true, maxLine)
	checkText(&check, "line1", a.Line1, true, maxLine)
	checkText(&check, "line2", a.Line2, false, maxLine)
	checkText(&check, "city", a.City, true, maxLine)
	checkText(&check, "region", a.Region, false, maxLine)
	checkText(&check, "postal_code", a.PostalCode, false, maxLine)
	check.Check(country.Valid(a.Country), "country", "must be an ISO 3166-1 alpha-2 code")
	problem := country.CheckPostalCode(a.Country, a.PostalCode)
	check.Check(problem == "", "postal_code", problem)
	return check.Err()
}

// checkText checks a line of text for people.
func checkText(check *field.Checker, name, text string, required bool, most int) {
	if required && strings.TrimSpace(text) == "" {
		check.Check(false, name, "is required")
		return
	}
	check.Check(utf8.RuneCountInString(text) <= most, name, fmt.Sprintf("must have at most %d characters", most))
	check.Check(utf8.ValidString(text) && printable(text), name, "must not hold control characters")
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, unicode.IsControl)
}

package customers

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"souk/platform/country"
	"souk/platform/email"
	"souk/platform/field"
)

const (
	minPassword = 8
	maxPassword = 200
	maxName     = 100
	maxLine     = 200
)

// checkPassword checks a new password, in the field with that name, of the account with that e-mail and name. It asks for what NIST
// SP 800-63B (5.1.1.2) asks for: length, and nothing that is guessed first. It asks for no digits or signs.
func checkPassword(check *field.Checker, fieldName string, password Secret, address, name string) {
	least, most := utf8.RuneCountInString(string(normalForm(password))), utf8.RuneCountInString(string(password))
	if least < minPassword || most > maxPassword {
		check.Check(false, fieldName, fmt.Sprintf("must have %d to %d characters", minPassword, maxPassword))
		return
	}
	if asEmail, ok := email.Canonical(string(password)); ok && asEmail == address {
		check.Check(false, fieldName, "must not be the e-mail address")
		return
	}
	check.Check(!guessable(password, address, name), fieldName,
		"must not be easy to guess: it is much like a common password, a pattern of keys or a date, or your name or e-mail")
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

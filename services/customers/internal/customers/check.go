package customers

import (
	"fmt"
	"unicode/utf8"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/postal"
)

const (
	minPassword = 8
	maxPassword = 200
	maxName     = 100
)

// checkPassword checks a new password against NIST SP 800-63B (5.1.1.2): it must be long enough and not easy to guess. Digits
// and special characters are not required. fieldName names the field in the error; address and name belong to the account.
func checkPassword(check *field.Checker, fieldName string, password Secret, address, name string) {
	least, most := utf8.RuneCountInString(string(normalForm(password))), utf8.RuneCountInString(string(password))
	if least < minPassword || most > maxPassword {
		check.Check(false, fieldName, fmt.Sprintf("must have %d to %d characters", minPassword, maxPassword))
		return
	}
	if asEmail, ok := identifier.CanonicalEmail(string(password)); ok && asEmail == address {
		check.Check(false, fieldName, "must not be the e-mail address")
		return
	}
	check.Check(!guessable(password, address, name), fieldName,
		"must not be easy to guess: it is much like a common password, a pattern of keys or a date, or your name or e-mail")
}

// checkEmail returns the canonical spelling of an address.
func checkEmail(check *field.Checker, address string) string {
	canonical, ok := identifier.CanonicalEmail(address)
	check.Check(ok, "email", "must be an e-mail address, of characters that can be seen")
	return canonical
}

func checkName(check *field.Checker, name string) {
	check.CheckLine("name", name, true, maxName)
}

func checkAddress(a Address) error {
	var check field.Checker
	postal.Address{
		Name: a.Name, Line1: a.Line1, Line2: a.Line2, City: a.City, Region: a.Region, PostalCode: a.PostalCode, Country: a.Country,
	}.Check(&check, "")
	return check.Err()
}

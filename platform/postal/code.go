package postal

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"
)

// The maximum length of a postal code, in characters.
const maxCode = 20

// postalCodes lists the countries that have postal codes: whether an address needs one, its form as a regular
// expression, and an example. It comes from Google's Address Data Service, under CC BY 4.0
// (https://github.com/google/libaddressinput), and leaves out countries without postal codes, such as AE and HK.
//
//go:embed codes.csv
var postalCodes string

// postalCode describes the postal codes of a country.
type postalCode struct {
	required bool
	form     *regexp.Regexp
	example  string
}

var byCountry = sync.OnceValue(func() map[string]postalCode {
	rows, err := csv.NewReader(strings.NewReader(postalCodes)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("codes.csv: %v", err))
	}
	found := make(map[string]postalCode, len(rows))
	for _, row := range rows[1:] {
		code, required, form, example := row[0], row[1] == "yes", row[2], row[3]
		// Some people write the country in front of the code, for example LT-04340.
		found[code] = postalCode{required, regexp.MustCompile(`^(?:` + code + `[ -]?)?(?:` + form + `)$`), example}
	}
	return found
})

// ExampleCode returns an example of a country's postal codes, or "" if it has none. country is an ISO 3166-1 alpha-2 code.
func ExampleCode(country string) string {
	return byCountry()[country].example
}

// CheckCode returns the problem with a postal code in a country (ISO 3166-1 alpha-2), for example "is required in GB", or "" if
// it is valid. Letters may be in lower case, and digits full-width.
//
// If the country's addresses need a postal code, as in GB, the code is required and its format is checked. Where mail arrives
// without one, as in IE and AE, it may be missing or any text, because such codes are new, change, or do not exist.
func CheckCode(country, code string) string {
	code = strings.TrimSpace(norm.NFKC.String(code))
	known := byCountry()[country]
	switch {
	case len([]rune(code)) > maxCode:
		return fmt.Sprintf("must have at most %d characters", maxCode)
	case !known.required:
		return ""
	case code == "":
		return "is required in " + country
	case !known.form.MatchString(strings.ToUpper(code)):
		return "must look like " + known.example + " in " + country
	}
	return ""
}

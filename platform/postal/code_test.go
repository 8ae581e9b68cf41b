package postal_test

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"souk/platform/postal"
)

func TestCheckCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ country, code, want string }{
		{"GB", "LS1 4DY", ""},
		{"GB", "ls14dy", ""},
		{"GB", " LS1 4DY ", ""},
		{"GB", "", "is required in GB"},
		{"GB", "  ", "is required in GB"},
		{"GB", "12345", "must look like EC1Y 8SY in GB"},
		{"US", "95014", ""},
		{"US", "22162-1010", ""},
		{"US", "ABC", "must look like 95014 in US"},
		{"DE", "26133", ""},
		{"DE", "DE-26133", ""},
		{"DE", "2613", "must look like 26133 in DE"},
		{"JP", "154-0023", ""},
		{"JP", "１５４－００２３", ""},
		{"LT", "LT-04340", ""},
		{"AE", "", ""},
		{"AE", "00000", ""},
		{"HK", "", ""},
		{"AO", "", ""},
		{"IE", "", ""},
		{"IE", "A65 F4E2", ""},
		{"IE", "Dublin 4", ""},
		{"AE", strings.Repeat("0", 21), "must have at most 20 characters"},
		{"", "12345", ""},
	} {
		if got := postal.CheckCode(test.country, test.code); got != test.want {
			t.Errorf("CheckCode(%q, %q) = %q, want %q", test.country, test.code, got, test.want)
		}
	}
}

// Every row of the table must have a country, and an example that matches the format.
func TestThePostalCodesAreConsistent(t *testing.T) {
	t.Parallel()
	file, err := os.Open("codes.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		// Ascension Island and Tristan da Cunha have codes that ISO 3166-1 only reserves.
		if code := row[0]; !postal.ValidCountry(code) && code != "AC" && code != "TA" {
			t.Errorf("%s is not a country", code)
		}
		if problem := postal.CheckCode(row[0], row[3]); problem != "" {
			t.Errorf("%s: the example %q %s", row[0], row[3], problem)
		}
	}
	if len(rows) < 150 {
		t.Errorf("%d rows: most countries have postal codes", len(rows))
	}
}

package postal_test

import (
	"strings"
	"testing"

	"souk/platform/field"
	"souk/platform/postal"
)

func TestAnAddressIsCheckedFieldByField(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*postal.Address)
		want   string
	}{
		"good":              {func(*postal.Address) {}, ""},
		"full":              {func(a *postal.Address) { a.Line2, a.Region = "Flat 2", "Yorkshire" }, ""},
		"Dubai":             {func(a *postal.Address) { a.Country, a.PostalCode = "AE", "" }, ""},
		"longest line":      {func(a *postal.Address) { a.Line1 = strings.Repeat("ü", 200) }, ""},
		"long line":         {func(a *postal.Address) { a.Line2 = strings.Repeat("ü", 201) }, "to.line2 must have at most 200 characters"},
		"blank name":        {func(a *postal.Address) { a.Name = " " }, "to.name is required"},
		"two lines":         {func(a *postal.Address) { a.Region = "York\nshire" }, "to.region must not contain control characters"},
		"not UTF-8":         {func(a *postal.Address) { a.City = "\xff" }, "to.city must be UTF-8"},
		"no country":        {func(a *postal.Address) { a.Country = "UK" }, "to.country must be an ISO 3166-1 alpha-2 code"},
		"no postal code":    {func(a *postal.Address) { a.PostalCode = "" }, "to.postal_code is required in GB"},
		"wrong postal code": {func(a *postal.Address) { a.PostalCode = "12345" }, "to.postal_code must look like EC1Y 8SY in GB"},
		"long postal code":  {func(a *postal.Address) { a.PostalCode = strings.Repeat("1", 21) }, "to.postal_code must have at most 20 characters"},
		"empty": {
			func(a *postal.Address) { *a = postal.Address{} },
			"to.name is required; to.line1 is required; to.city is required; to.country must be an ISO 3166-1 alpha-2 code",
		},
	} {
		address := postal.Address{Name: "Ada", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
		test.change(&address)
		var check field.Checker
		address.Check(&check, "to.")
		got := ""
		if err := check.Err(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

package postal

import "golang.org/x/text/language"

// ValidCountry reports whether code is an assigned ISO 3166-1 alpha-2 code in upper case. Codes that are only reserved, such as
// UK and EU, are not valid.
func ValidCountry(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry() && region.Canonicalize().String() == code
}

// Package country is responsible for knowing which country codes there are.
package country

import "golang.org/x/text/language"

// Valid reports whether code is an assigned ISO 3166-1 alpha-2 code, in capitals. Codes that are only reserved, such
// as UK and EU, are not.
func Valid(code string) bool {
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry() && region.Canonicalize().String() == code
}

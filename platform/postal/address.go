// Package postal checks postal addresses: their lines, country and postal code.
package postal

import "souk/platform/field"

// The maximum length of a line, in characters.
const maxLine = 200

// Address is the destination of a parcel.
type Address struct {
	Name       string
	Line1      string
	Line2      string
	City       string
	Region     string
	PostalCode string
	// Country is an ISO 3166-1 alpha-2 code.
	Country string
}

// Check records a violation for each invalid field. prefix is prepended to the field names, for example "shipping_address.".
func (a Address) Check(c *field.Checker, prefix string) {
	c.CheckLine(prefix+"name", a.Name, true, maxLine)
	c.CheckLine(prefix+"line1", a.Line1, true, maxLine)
	c.CheckLine(prefix+"line2", a.Line2, false, maxLine)
	c.CheckLine(prefix+"city", a.City, true, maxLine)
	c.CheckLine(prefix+"region", a.Region, false, maxLine)
	c.CheckLine(prefix+"postal_code", a.PostalCode, false, maxLine)
	c.Check(ValidCountry(a.Country), prefix+"country", "must be an ISO 3166-1 alpha-2 code")
	problem := CheckCode(a.Country, a.PostalCode)
	c.Check(problem == "", prefix+"postal_code", problem)
}

package customers

import (
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
)

// GuestToken returns an access token for the order of a guest, as issued at a time, and when it expires. It returns a *field.Error.
func (s *Service) GuestToken(orderID string, issuedAt time.Time) (token Secret, expiresAt time.Time, err error) {
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return "", time.Time{}, field.Invalid("order_id", "is not an id")
	}
	return s.tokens.IssueGuest(orderID, issuedAt)
}

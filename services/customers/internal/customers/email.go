package customers

import (
	"context"
	"errors"
)

// EmailOf returns the e-mail address of an account and whether it is confirmed, or "" if there is no account, or it is being deleted.
func (s *Service) EmailOf(ctx context.Context, id string) (address string, verified bool, err error) {
	customer, err := s.receiver(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	}
	return customer.Email, customer.Mailbox.Verified, err
}

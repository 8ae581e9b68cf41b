package customers

import (
	"context"
	"errors"
	"time"
)

// PersonalData is what is stored about a customer besides the account, its addresses and its sessions.
type PersonalData struct {
	Mailbox Mailbox
	// SecondFactorSince is when the second factor was started. It is zero without one that is confirmed.
	SecondFactorSince time.Time
	RecoveryCodesLeft int
	Identities        []Identity
}

// PersonalData returns what an account has besides the answers of Customer, Addresses and Sessions.
func (s *Service) PersonalData(ctx context.Context, id string) (PersonalData, error) {
	customer, err := s.Customer(ctx, id)
	if err != nil {
		return PersonalData{}, err
	}
	data := PersonalData{Mailbox: customer.Mailbox}
	if data.Identities, err = s.store.IdentitiesOf(ctx, id); err != nil {
		return PersonalData{}, err
	}
	factor, err := s.store.FindSecondFactor(ctx, id)
	if errors.Is(err, ErrNoSecondFactor) {
		return data, nil
	}
	if factor.Confirmed {
		data.SecondFactorSince, data.RecoveryCodesLeft = factor.CreatedAt, len(factor.RecoveryHashes)
	}
	return data, err
}

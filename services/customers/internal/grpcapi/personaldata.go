package grpcapi

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"
)

// GetPersonalData returns what is stored about the caller besides what other RPCs return.
func (s *Server) GetPersonalData(ctx context.Context, _ *customersv1.GetPersonalDataRequest) (*customersv1.GetPersonalDataResponse, error) {
	data, err := s.customers.PersonalData(ctx, caller(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.GetPersonalDataResponse{
		NextEmail: data.Mailbox.NextAddress, EmailRefused: data.Mailbox.Refused, Devices: data.Mailbox.Devices,
		SecondFactorSince: timeProto(data.SecondFactorSince),
		RecoveryCodesLeft: int32(data.RecoveryCodesLeft), //nolint:gosec // ten at most
	}
	for _, identity := range data.Identities {
		answer.Identities = append(answer.Identities, identityProto(identity))
	}
	return answer, nil
}

package grpcapi

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"

	"souk/services/customers/internal/customers"
)

// ListAddresses returns the caller's addresses.
func (s *Server) ListAddresses(ctx context.Context, _ *customersv1.ListAddressesRequest) (*customersv1.ListAddressesResponse, error) {
	c, err := s.customers.Customer(ctx, caller(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.ListAddressesResponse{}
	for _, a := range c.Addresses {
		answer.Addresses = append(answer.Addresses, addressProto(a))
	}
	return answer, nil
}

// GetAddress returns one of the caller's addresses.
func (s *Server) GetAddress(ctx context.Context, req *customersv1.GetAddressRequest) (*customersv1.GetAddressResponse, error) {
	a, err := s.customers.Address(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.GetAddressResponse{Address: addressProto(a)}, nil
}

// CreateAddress saves an address.
func (s *Server) CreateAddress(ctx context.Context, req *customersv1.CreateAddressRequest) (*customersv1.CreateAddressResponse, error) {
	key, err := rpc.Keyed(ctx, req)
	if err != nil {
		return nil, err
	}
	a, replayed, err := s.customers.SaveAddress(ctx, caller(ctx), addressOf(req.GetAddress()), key)
	if err != nil {
		return nil, wireError(err)
	}
	if replayed {
		if err := rpc.TellReplay(ctx); err != nil {
			return nil, err
		}
	}
	return &customersv1.CreateAddressResponse{Address: addressProto(a)}, nil
}

// UpdateAddress replaces an address.
func (s *Server) UpdateAddress(ctx context.Context, req *customersv1.UpdateAddressRequest) (*customersv1.UpdateAddressResponse, error) {
	a, err := s.customers.ReplaceAddress(ctx, caller(ctx), addressOf(req.GetAddress()))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.UpdateAddressResponse{Address: addressProto(a)}, nil
}

// DeleteAddress forgets an address.
func (s *Server) DeleteAddress(ctx context.Context, req *customersv1.DeleteAddressRequest) (*customersv1.DeleteAddressResponse, error) {
	if err := s.customers.ForgetAddress(ctx, caller(ctx), req.GetId()); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.DeleteAddressResponse{}, nil
}

func addressProto(a customers.Address) *customersv1.Address {
	return &customersv1.Address{
		Id: a.ID, Name: a.Name, Line1: a.Line1, Line2: a.Line2, City: a.City, Region: a.Region,
		PostalCode: a.PostalCode, Country: a.Country,
	}
}

func addressOf(a *customersv1.Address) customers.Address {
	return customers.Address{
		ID: a.GetId(), Name: a.GetName(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(), Region: a.GetRegion(),
		PostalCode: a.GetPostalCode(), Country: a.GetCountry(),
	}
}

package handler

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
)

// ListAddresses returns the caller's saved addresses.
func (h *Handler) ListAddresses(ctx context.Context, _ api.ListAddressesRequestObject) (api.ListAddressesResponseObject, error) {
	answer, err := h.Customers.ListAddresses(ctx, &customersv1.ListAddressesRequest{})
	if err != nil {
		return nil, err
	}
	return api.ListAddresses200JSONResponse{Items: views(answer.GetAddresses(), addressView)}, nil
}

// CreateAddress saves an address.
func (h *Handler) CreateAddress(ctx context.Context, req api.CreateAddressRequestObject) (api.CreateAddressResponseObject, error) {
	answer, err := h.Customers.CreateAddress(ctx, &customersv1.CreateAddressRequest{Address: addressProto("", *req.Body)})
	if err != nil {
		return nil, err
	}
	return api.CreateAddress201JSONResponse(addressView(answer.GetAddress())), nil
}

// UpdateAddress replaces a saved address.
func (h *Handler) UpdateAddress(ctx context.Context, req api.UpdateAddressRequestObject) (api.UpdateAddressResponseObject, error) {
	answer, err := h.Customers.UpdateAddress(ctx, &customersv1.UpdateAddressRequest{Address: addressProto(req.Id, *req.Body)})
	if err != nil {
		return nil, err
	}
	return api.UpdateAddress200JSONResponse(addressView(answer.GetAddress())), nil
}

// DeleteAddress deletes a saved address.
func (h *Handler) DeleteAddress(ctx context.Context, req api.DeleteAddressRequestObject) (api.DeleteAddressResponseObject, error) {
	if _, err := h.Customers.DeleteAddress(ctx, &customersv1.DeleteAddressRequest{Id: req.Id}); err != nil {
		return nil, err
	}
	return api.DeleteAddress204Response{}, nil
}

func addressView(a *customersv1.Address) api.SavedAddress {
	return api.SavedAddress{
		Id: a.GetId(), Name: a.GetName(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(),
		Region: a.GetRegion(), PostalCode: a.GetPostalCode(), Country: a.GetCountry(),
	}
}

func addressProto(id string, a api.AddressInput) *customersv1.Address {
	return &customersv1.Address{
		Id: id, Name: a.Name, Line1: a.Line1, Line2: value(a.Line2), City: a.City,
		Region: value(a.Region), PostalCode: value(a.PostalCode), Country: a.Country,
	}
}

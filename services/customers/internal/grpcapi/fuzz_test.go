package grpcapi_test

import (
	"testing"

	"google.golang.org/grpc"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/testkit/grpctest"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/grpcapi"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

func FuzzHandlers(f *testing.F) {
	store := mongo.New(mongotest.New(f))
	issuer, err := token.NewIssuer(f.Context(), store, token.MinKeyLife)
	if err != nil {
		f.Fatal(err)
	}
	service := customers.New(store, issuer)
	// An account of staff cannot be deleted, or the fuzzer would soon have no owner.
	if err := service.EnsureStaff(f.Context(), email, password); err != nil {
		f.Fatal(err)
	}
	session, err := service.Login(f.Context(), email, password)
	if err != nil {
		f.Fatal(err)
	}
	ada := session.Customer
	home, _, err := service.SaveAddress(f.Context(), ada.ID, customers.Address{
		Name: "Ada", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB",
	}, nil)
	if err != nil {
		f.Fatal(err)
	}
	server := grpctest.Serve(f, func(r grpc.ServiceRegistrar) {
		customersv1.RegisterCustomersServiceServer(r, grpcapi.New(service))
	})
	address := &customersv1.Address{
		Id: home.ID, Name: home.Name, Line1: home.Line1, City: home.City, PostalCode: home.PostalCode, Country: home.Country,
	}
	name := "Ada Lovelace"
	server.Fuzz(f, customersv1.File_souk_customers_v1_customers_proto, ada.ID,
		&customersv1.RegisterRequest{Email: "grace@example.com", Password: password, Name: "Grace"},
		&customersv1.LoginRequest{Email: email, Password: password},
		&customersv1.GetCustomerByEmailRequest{Email: email},
		&customersv1.RefreshRequest{RefreshToken: string(session.Refresh)},
		&customersv1.UpdateMeRequest{Name: &name},
		&customersv1.ChangePasswordRequest{CurrentPassword: password, NewPassword: password},
		&customersv1.GetAddressRequest{Id: home.ID},
		&customersv1.CreateAddressRequest{Address: address},
		&customersv1.UpdateAddressRequest{Address: address},
		&customersv1.DeleteAddressRequest{Id: home.ID},
		&customersv1.PrepareDeletionRequest{Password: password},
		&customersv1.DeleteAccountRequest{Password: password},
	)
}

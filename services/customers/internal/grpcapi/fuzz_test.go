package grpcapi_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/testkit/grpctest"
	"souk/testkit/mongotest"
	"souk/testkit/openidtest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/grpcapi"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/openid"
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
	session, err := service.SignIn(f.Context(), customers.Credentials{Email: email, Password: password})
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
		&customersv1.GetEmailRequest{CustomerId: ada.ID},
		&customersv1.GetGuestTokenRequest{OrderId: ada.ID, IssuedAt: timestamppb.Now()},
		&customersv1.RefreshRequest{RefreshToken: string(session.Refresh)},
		&customersv1.UpdateMeRequest{Name: &name},
		&customersv1.ListSessionsRequest{Limit: 1, Cursor: ada.ID},
		&customersv1.EndSessionRequest{Id: ada.ID},
		&customersv1.ChangePasswordRequest{CurrentPassword: password, NewPassword: password},
		&customersv1.GetAddressRequest{Id: home.ID},
		&customersv1.CreateAddressRequest{Address: address},
		&customersv1.UpdateAddressRequest{Address: address},
		&customersv1.DeleteAddressRequest{Id: home.ID},
		&customersv1.PrepareDeletionRequest{Password: password},
		&customersv1.DeleteAccountRequest{Password: password},
	)
}

func FuzzStaffHandlers(f *testing.F) {
	service := customers.New(mongo.New(mongotest.New(f)), nil)
	if err := service.EnsureStaff(f.Context(), email, password); err != nil {
		f.Fatal(err)
	}
	boss, err := service.FindByEmail(f.Context(), email)
	if err != nil {
		f.Fatal(err)
	}
	server := grpctest.Serve(f, func(r grpc.ServiceRegistrar) {
		customersv1.RegisterStaffServiceServer(r, grpcapi.NewStaff(service))
	})
	server.Fuzz(f, customersv1.File_souk_customers_v1_staff_proto, boss.ID,
		&customersv1.InviteStaffRequest{Email: "eve@example.com", Roles: []string{"support"}},
		&customersv1.ChangeStaffRolesRequest{Id: boss.ID, Roles: []string{"owner", "catalog"}},
		&customersv1.DisableStaffRequest{Id: boss.ID},
		&customersv1.ListStaffRequest{Limit: 1, Cursor: boss.ID},
		&customersv1.ListCustomersRequest{Query: "ada", Ids: []string{boss.ID}, Limit: 1, Cursor: boss.ID},
	)
}

func FuzzSignInHandlers(f *testing.F) {
	service := customers.New(mongo.New(mongotest.New(f)), nil)
	ada, err := service.Register(f.Context(), email, password, "Ada")
	if err != nil {
		f.Fatal(err)
	}
	provider := openidtest.New(f, "https://shop.example/callback")
	settings := openid.Settings{Name: "example", Issuer: provider.URL, ClientID: openidtest.ClientID, ClientSecret: openidtest.ClientSecret}
	service.OfferProviders(openid.All([]openid.Settings{settings}, "https://shop.example"), "https://shop.example/sign-in")
	server := grpctest.Serve(f, func(r grpc.ServiceRegistrar) {
		customersv1.RegisterSignInServiceServer(r, grpcapi.NewSignIn(service, false))
	})
	browser := &customersv1.Browser{Secret: "x"}
	server.Fuzz(f, customersv1.File_souk_customers_v1_sign_in_proto, ada.ID,
		&customersv1.StartSignInRequest{Provider: "example", Browser: browser},
		&customersv1.FinishSignInRequest{Provider: "example", Browser: browser, Code: "c", State: "a.b.c", Issuer: provider.URL},
		&customersv1.RedeemSignInRequest{Code: "x.y", Browser: browser, SecondFactorCode: "492039"},
		&customersv1.LinkIdentityRequest{Code: "x.y", Browser: browser},
		&customersv1.UnlinkIdentityRequest{Id: "x"},
	)
}

package grpcapi_test

import (
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
	"souk/testkit/grpctest"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/grpcapi"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

func TestOrdersLearnsTheEmailOfAnAccount(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	issuer, err := token.NewIssuer(t.Context(), store, token.MinKeyLife)
	if err != nil {
		t.Fatal(err)
	}
	service := customers.New(store, issuer)
	ada, err := service.Register(t.Context(), " ADA@example.com", password, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	server := grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		customersv1.RegisterCustomersServiceServer(r, grpcapi.New(service))
	})
	client, orders := customersv1.NewCustomersServiceClient(server.Conn), grpctest.Service(t, "orders")
	for id, want := range map[string]string{ada.ID: email, "0198a000-0000-7000-8000-00000000000c": "", "": "", "$ne": ""} {
		got, err := client.GetEmail(orders, &customersv1.GetEmailRequest{CustomerId: id})
		if err != nil || got.GetEmail() != want {
			t.Errorf("%q: %v, %v; want %q", id, got, err, want)
		}
	}
	_, err = client.GetEmail(server.As(t, ada.ID, customers.RoleOwner), &customersv1.GetEmailRequest{CustomerId: ada.ID})
	grpctest.Expect(t, "a member of staff", err, codes.PermissionDenied, "")
	if err := service.DeleteAccount(t.Context(), ada.ID, password); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetEmail(orders, &customersv1.GetEmailRequest{CustomerId: ada.ID})
	if err != nil || got.GetEmail() != "" {
		t.Errorf("of a deleted account: %v, %v", got, err)
	}
}

func TestATokenOfAGuestIsForOneOrderAndTheSameAgain(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	issuer, err := token.NewIssuer(t.Context(), store, token.MinKeyLife)
	if err != nil {
		t.Fatal(err)
	}
	server := grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		customersv1.RegisterCustomersServiceServer(r, grpcapi.New(customers.New(store, issuer)))
	})
	client, orders := customersv1.NewCustomersServiceClient(server.Conn), grpctest.Service(t, "orders")
	const order = "0198a000-0000-7000-8000-00000000000a"
	request := &customersv1.GetGuestTokenRequest{OrderId: order, IssuedAt: timestamppb.New(time.Now())}
	first, err := client.GetGuestToken(orders, request)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.GetGuestToken(orders, request)
	if err != nil || again.GetAccessToken() != first.GetAccessToken() {
		t.Errorf("%v and %v, %v", first, again, err)
	}
	caller, err := access.NewVerifier(issuer).Verify(t.Context(), first.GetAccessToken())
	if err != nil || caller.CustomerID != order || !caller.Guest || caller.Staff() || !caller.ExpiresAt.Equal(first.GetExpiresAt().AsTime()) {
		t.Errorf("%+v, %v", caller, err)
	}
	for name, bad := range map[string]*customersv1.GetGuestTokenRequest{
		"no time": {OrderId: order}, "no order": {IssuedAt: request.GetIssuedAt()}, "a customer's name": {OrderId: "ada", IssuedAt: request.GetIssuedAt()},
	} {
		_, err := client.GetGuestToken(orders, bad)
		grpctest.Expect(t, name, err, codes.InvalidArgument, "VALIDATION_FAILED")
	}
	_, err = client.GetGuestToken(grpctest.Service(t, "gateway"), request)
	grpctest.Expect(t, "the gateway", err, codes.PermissionDenied, "")
}

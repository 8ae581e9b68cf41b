package grpcapi_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/testkit/grpctest"
)

func TestATicketGivesTheGatewayTheTokenOfItsCall(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	client := ordersv1.NewOrdersServiceClient(server.Conn)
	id := place(t, server, "order")
	ctx := server.As(t, owner)
	ticket, err := client.CreateEventTicket(ctx, &ordersv1.CreateEventTicketRequest{OrderId: id})
	if err != nil {
		t.Fatal(err)
	}
	// The token is good for a minute, of which some has passed.
	if left := ticket.GetExpiresIn(); left > 60 || left < 30 {
		t.Errorf("it expires in %d s", left)
	}
	redeem := &ordersv1.RedeemEventTicketRequest{OrderId: id, Ticket: ticket.GetTicket()}
	for _, service := range []string{"orders", "audit"} {
		_, err := client.RedeemEventTicket(grpctest.Service(t, service), redeem)
		grpctest.Expect(t, service, err, codes.PermissionDenied, "")
	}
	answer, err := client.RedeemEventTicket(grpctest.Service(t, "gateway"), redeem)
	if err != nil {
		t.Fatal(err)
	}
	sent, _ := metadata.FromOutgoingContext(ctx)
	if "Bearer "+answer.GetAccessToken() != sent.Get("authorization")[0] {
		t.Error("the token is another one")
	}
	_, err = client.RedeemEventTicket(grpctest.Service(t, "gateway"), redeem)
	grpctest.Expect(t, "again", err, codes.NotFound, "TICKET_NOT_FOUND")
	_, err = client.CreateEventTicket(grpctest.Service(t, "gateway"), &ordersv1.CreateEventTicketRequest{OrderId: id})
	grpctest.Expect(t, "without a token", err, codes.Unauthenticated, "")
}

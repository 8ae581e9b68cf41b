package grpcapi_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	gadgetsv1 "souk/proto/gen/souk/gadgets/v1"

	"souk/platform/pgkey"
	"souk/platform/rpc"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/gadgets/internal/gadgets"
	"souk/services/gadgets/internal/grpcapi"
	"souk/services/gadgets/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// bundle is the service behind its real interceptors.
type bundle struct {
	*grpctest.Server
	gadgetsv1.GadgetsServiceClient
}

func setup(t testing.TB) *bundle {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	b := &bundle{Server: grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		gadgetsv1.RegisterGadgetsServiceServer(r, grpcapi.New(gadgets.New(postgres.New(pool)), pgkey.NewTransaction(pool)))
	})}
	b.GadgetsServiceClient = gadgetsv1.NewGadgetsServiceClient(b.Conn)
	return b
}

func TestACustomerFindsTheirOwnGadgetAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, bob := b.As(t, uuid.NewString()), b.As(t, uuid.NewString())
	made, err := b.CreateGadget(ada, &gadgetsv1.CreateGadgetRequest{Title: "Kitchen"})
	if err != nil || made.GetGadget().GetTitle() != "Kitchen" {
		t.Fatalf("create: %v, %v", made, err)
	}
	mine := &gadgetsv1.GetGadgetRequest{Id: made.GetGadget().GetId()}
	found, err := b.GetGadget(ada, mine)
	if err != nil || !proto.Equal(found.GetGadget(), made.GetGadget()) {
		t.Errorf("get: %v, %v; want %v", found, err, made)
	}
	_, err = b.GetGadget(bob, mine)
	grpctest.Expect(t, "another customer's", err, codes.NotFound, "GADGET_NOT_FOUND")
	_, err = b.GetGadget(ada, &gadgetsv1.GetGadgetRequest{Id: uuid.NewString()})
	grpctest.Expect(t, "an unknown one", err, codes.NotFound, "GADGET_NOT_FOUND")
	_, err = b.GetGadget(ada, &gadgetsv1.GetGadgetRequest{Id: "no id"})
	grpctest.Expect(t, "no id", err, codes.NotFound, "GADGET_NOT_FOUND")
	_, err = b.GetGadget(grpctest.Service(t, "gateway"), mine)
	grpctest.Expect(t, "a guest's", err, codes.Unauthenticated, "")
}

func TestAGadgetWithAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := metadata.AppendToOutgoingContext(b.As(t, uuid.NewString()), "idempotency-key-bin", "k")
	req := &gadgetsv1.CreateGadgetRequest{Title: "Kitchen"}
	first, err := b.CreateGadget(ada, req)
	if err != nil {
		t.Fatal(err)
	}
	var header metadata.MD
	again, err := b.CreateGadget(ada, req, grpc.Header(&header))
	if err != nil || !proto.Equal(again, first) || len(header.Get("idempotent-replay")) != 1 {
		t.Errorf("again: %v, %v, header %v; want %v", again, err, header, first)
	}
	_, err = b.CreateGadget(ada, &gadgetsv1.CreateGadgetRequest{Title: "Garden"})
	grpctest.Expect(t, "another request", err, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED")
}

func TestATitleIsOneLineOfText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.As(t, uuid.NewString())
	for _, title := range []string{"", " ", "a\nb", strings.Repeat("x", gadgets.MaxTitle+1)} {
		_, err := b.CreateGadget(ada, &gadgetsv1.CreateGadgetRequest{Title: title})
		grpctest.Expect(t, "title "+title, err, codes.InvalidArgument, rpc.ReasonValidation)
		if got := rpc.Violations(err); len(got) != 1 || got[0].Field != "title" {
			t.Errorf("title %q: violations %v", title, got)
		}
	}
}

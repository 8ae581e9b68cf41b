package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"

	gadgetsv1 "souk/proto/gen/souk/gadgets/v1"
)

func FuzzHandlers(f *testing.F) {
	b := setup(f)
	owner := uuid.NewString()
	made, err := b.CreateGadget(b.As(f, owner), &gadgetsv1.CreateGadgetRequest{Title: "Kitchen"})
	if err != nil {
		f.Fatal(err)
	}
	b.Fuzz(f, gadgetsv1.File_souk_gadgets_v1_gadgets_proto, owner,
		&gadgetsv1.CreateGadgetRequest{Title: "Garden"},
		&gadgetsv1.GetGadgetRequest{Id: made.GetGadget().GetId()},
	)
}

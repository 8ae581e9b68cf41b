// Package grpcapi serves the contract of gadgets: proto in, domain out.
package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	gadgetsv1 "souk/proto/gen/souk/gadgets/v1"

	"souk/platform/access"
	"souk/platform/idempotency"
	"souk/platform/rpc"

	"souk/services/gadgets/internal/gadgets"
)

// Server implements gadgetsv1.GadgetsServiceServer.
type Server struct {
	gadgetsv1.UnimplementedGadgetsServiceServer
	gadgets *gadgets.Service
	keys    idempotency.Keeper
}

// New returns a server of service. keys keeps the idempotency keys of its callers.
func New(service *gadgets.Service, keys idempotency.Keeper) *Server {
	return &Server{gadgets: service, keys: keys}
}

// CreateGadget makes a gadget, once for each idempotency key.
func (s *Server) CreateGadget(ctx context.Context, req *gadgetsv1.CreateGadgetRequest) (*gadgetsv1.CreateGadgetResponse, error) {
	return rpc.Once(ctx, s.keys, req, func(ctx context.Context) (*gadgetsv1.CreateGadgetResponse, error) {
		gadget, err := s.gadgets.Create(ctx, caller(ctx), req.GetTitle())
		if err != nil {
			return nil, wireError(err)
		}
		return &gadgetsv1.CreateGadgetResponse{Gadget: gadgetProto(gadget)}, nil
	})
}

// GetGadget returns a gadget of the caller's.
func (s *Server) GetGadget(ctx context.Context, req *gadgetsv1.GetGadgetRequest) (*gadgetsv1.GetGadgetResponse, error) {
	gadget, err := s.gadgets.Get(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, wireError(err)
	}
	return &gadgetsv1.GetGadgetResponse{Gadget: gadgetProto(gadget)}, nil
}

func caller(ctx context.Context) string {
	return access.FromContext(ctx).CustomerID
}

func gadgetProto(g gadgets.Gadget) *gadgetsv1.Gadget {
	return &gadgetsv1.Gadget{Id: g.ID, Title: g.Title, CreatedAt: timestamppb.New(g.CreatedAt)}
}

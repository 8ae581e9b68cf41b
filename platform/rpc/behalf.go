package rpc

import (
	"context"
	"net/netip"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"souk/platform/access"
	"souk/platform/identifier"
	"souk/platform/security"
)

const (
	// networkHeader carries the network of the client that sent the HTTP request.
	networkHeader = "x-client-network"
	// behalfHeader carries who has caused a call without an access token, for example "staff 0199…".
	behalfHeader = "x-on-behalf-of"
)

const (
	behalfOfStaff    = "staff"
	behalfOfCustomer = "customer"
	behalfOfClient   = "client"
)

type behalfKey struct{}

// OnBehalfOf returns ctx for calls without an access token that actor has caused. The callee names actor in its audit log and its security
// events. It grants no rights.
func OnBehalfOf(ctx context.Context, actor security.Actor) context.Context {
	return context.WithValue(ctx, behalfKey{}, actor)
}

// outgoingActor sends the network of the client with a call, and who has caused it if OnBehalfOf says so.
func outgoingActor(ctx context.Context) context.Context {
	actor, ok := ctx.Value(behalfKey{}).(security.Actor)
	switch {
	case !ok:
		actor = security.ActorOf(ctx)
	case actor.Customer != "" && actor.Staff:
		ctx = metadata.AppendToOutgoingContext(ctx, behalfHeader, behalfOfStaff+" "+actor.Customer)
	case actor.Customer != "":
		ctx = metadata.AppendToOutgoingContext(ctx, behalfHeader, behalfOfCustomer+" "+actor.Customer)
	case actor.Client != "":
		ctx = metadata.AppendToOutgoingContext(ctx, behalfHeader, behalfOfClient+" "+actor.Client)
	}
	if actor.Address != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, networkHeader, actor.Address)
	}
	return ctx
}

// incomingActor returns ctx with what its caller has sent about the actor. Only a service of the shop is believed, and a token counts for
// more.
func incomingActor(ctx context.Context) context.Context {
	caller := access.FromContext(ctx)
	if caller.Service == "" {
		return ctx
	}
	var actor security.Actor
	if network := single(ctx, networkHeader); network != "" {
		if _, err := netip.ParsePrefix(network); err == nil {
			actor.Address = network
		}
	}
	kind, id, _ := strings.Cut(single(ctx, behalfHeader), " ")
	switch {
	case caller.Known() || !identifier.Valid(id):
	case kind == behalfOfStaff || kind == behalfOfCustomer:
		actor.Customer, actor.Staff = id, kind == behalfOfStaff
	case kind == behalfOfClient:
		actor.Client = id
	}
	return security.WithActor(ctx, actor)
}

// single returns the value of a metadata field; "" unless there is exactly one.
func single(ctx context.Context, name string) string {
	if values := metadata.ValueFromIncomingContext(ctx, name); len(values) == 1 {
		return values[0]
	}
	return ""
}

// actorUnary and actorStream are the innermost interceptors, because they need to know which service calls.
func actorUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	return next(incomingActor(ctx), req)
}

func actorStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return next(srv, access.StreamWithContext(incomingActor(stream.Context()), stream))
}

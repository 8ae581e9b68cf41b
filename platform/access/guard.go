package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "souk/proto/gen/souk/access/v1"
)

// Guard admits the callers of a server's RPCs, each by its rule.
type Guard struct {
	verifier *Verifier
	rules    map[string]*accessv1.Rule
}

// NewGuard returns a guard that verifies tokens with verifier. Learn must be called before it serves.
func NewGuard(verifier *Verifier) *Guard {
	return &Guard{verifier: verifier, rules: map[string]*accessv1.Rule{}}
}

// Learn reads the rule of every RPC that server has registered. An RPC without one is an error, so that
// nothing is ever open by oversight. gRPC's own health service is open.
func (g *Guard) Learn(server *grpc.Server) error {
	for name, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			full := "/" + name + "/" + method.Name
			if name == "grpc.health.v1.Health" {
				g.rules[full] = &accessv1.Rule{Anyone: true}
				continue
			}
			rule, err := ruleOf(name, method.Name)
			if err != nil {
				return err
			}
			g.rules[full] = rule
		}
	}
	return nil
}

func ruleOf(service, method string) (*accessv1.Rule, error) {
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + method))
	if err != nil {
		return nil, fmt.Errorf("access rule of %s.%s: %w", service, method, err)
	}
	options, _ := descriptor.Options().(*descriptorpb.MethodOptions)
	rule, _ := proto.GetExtension(options, accessv1.E_Rule).(*accessv1.Rule)
	if rule == nil {
		return nil, fmt.Errorf("%s.%s has no access rule", service, method)
	}
	return rule, nil
}

// Unary is the server interceptor.
func (g *Guard) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx, err := g.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	return next(ctx, req)
}

// Stream is the server interceptor for streams.
func (g *Guard) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	ctx, err := g.admit(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	return next(srv, StreamWithContext(ctx, stream))
}

// admit returns ctx with its caller, or why the caller may not make the call.
func (g *Guard) admit(ctx context.Context, method string) (context.Context, error) {
	rule, ok := g.rules[method]
	if !ok {
		return nil, status.Errorf(codes.PermissionDenied, "%s has no access rule", method)
	}
	caller, err := g.identify(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case Admits(rule, caller):
	case !caller.Authenticated() && (rule.GetCustomer() || rule.GetStaff()):
		return nil, status.Error(codes.Unauthenticated, "an access token is required")
	default:
		return nil, status.Errorf(codes.PermissionDenied, "%s is not for this caller", method)
	}
	ctx = WithCaller(ctx, caller)
	if token, ok := bearer(ctx); ok {
		ctx = WithToken(ctx, token)
	}
	return ctx, nil
}

// Admits reports whether rule lets caller in.
func Admits(rule *accessv1.Rule, caller Caller) bool {
	return rule.GetAnyone() ||
		rule.GetCustomer() && caller.Authenticated() ||
		rule.GetStaff() && caller.Staff() ||
		caller.Service != "" && slices.Contains(rule.GetServices(), caller.Service)
}

// identify says who makes the call. The service is what the caller calls itself; see docs/adr/0004.
func (g *Guard) identify(ctx context.Context) (Caller, error) {
	var caller Caller
	if token, ok := bearer(ctx); ok {
		verified, err := g.verifier.Verify(ctx, token)
		if errors.Is(err, ErrKeysUnavailable) {
			return Caller{}, status.Error(codes.Unavailable, err.Error())
		}
		if err != nil {
			return Caller{}, status.Error(codes.Unauthenticated, ErrInvalidToken.Error())
		}
		caller = verified
	}
	if names := metadata.ValueFromIncomingContext(ctx, serviceHeader); len(names) == 1 {
		caller.Service = names[0]
	}
	return caller, nil
}

func bearer(ctx context.Context) (string, bool) {
	values := metadata.ValueFromIncomingContext(ctx, tokenHeader)
	if len(values) != 1 {
		return "", false
	}
	return strings.CutPrefix(values[0], "Bearer ")
}

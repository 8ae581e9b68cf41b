package access

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"souk/platform/certificate"
	"souk/platform/security"
)

// Guard checks each call to a server against the access rule of its RPC.
type Guard struct {
	verifier   *Verifier
	admissions map[string]admission
}

// NewGuard returns a guard that verifies tokens with verifier. Call Learn before serving.
func NewGuard(verifier *Verifier) *Guard {
	return &Guard{verifier: verifier, admissions: map[string]admission{}}
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

// admit returns ctx with its caller, or an error if the rule does not admit the caller. Refusals are security events.
func (g *Guard) admit(ctx context.Context, method string) (context.Context, error) {
	caller, err := g.decide(ctx, method)
	if code := status.Code(err); code == codes.PermissionDenied || code == codes.Unauthenticated {
		security.Log(WithCaller(ctx, caller), security.AccessRefused, method, slog.String("reason", status.Convert(err).Message()))
	}
	if err != nil {
		return nil, err
	}
	ctx = WithCaller(ctx, caller)
	if token, ok := bearer(ctx); ok {
		ctx = WithToken(ctx, token)
	}
	return ctx, nil
}

// decide returns the caller as far as it is known, and an error if the rule does not admit it.
func (g *Guard) decide(ctx context.Context, method string) (Caller, error) {
	service := callingService(ctx)
	stranger := Caller{Service: service}
	admission, ok := g.admissions[method]
	switch {
	case !ok:
		return stranger, status.Errorf(codes.PermissionDenied, "%s has no access rule", method)
	case admission.open:
	case service == "":
		return stranger, status.Error(codes.Unauthenticated, "a certificate of a service of the shop is required")
	case !slices.Contains(admission.callers, service):
		return stranger, status.Errorf(codes.PermissionDenied, "%s is not for %s", method, service)
	}
	caller, err := g.identify(ctx)
	caller.Service = service
	switch rule := admission.rule; {
	case err != nil:
		return caller, err
	case Admits(rule, caller):
		return caller, nil
	case !caller.Known() && (rule.GetCustomer() || rule.GetScope() != 0):
		return caller, status.Error(codes.Unauthenticated, "an access token is required")
	case rule.GetScope() != 0:
		return caller, status.Error(codes.PermissionDenied, caller.Missing(rule.GetScope()))
	default:
		return caller, status.Errorf(codes.PermissionDenied, "%s is not for this caller", method)
	}
}

// callingService returns the service named in the caller's certificate, or "" if there is none. The TLS handshake has verified
// the certificate.
func callingService(ctx context.Context) string {
	p, _ := peer.FromContext(ctx)
	if p == nil {
		return ""
	}
	info, _ := p.AuthInfo.(credentials.TLSInfo)
	return certificate.Service(info.State)
}

// identify returns the caller named by the access token, or an anonymous one if there is no token.
func (g *Guard) identify(ctx context.Context) (Caller, error) {
	token, ok := bearer(ctx)
	if !ok {
		return Caller{}, nil
	}
	caller, err := g.verifier.Verify(ctx, token)
	if errors.Is(err, ErrKeysUnavailable) {
		return Caller{}, status.Error(codes.Unavailable, err.Error())
	}
	if err != nil {
		return Caller{}, status.Error(codes.Unauthenticated, ErrInvalidToken.Error())
	}
	return caller, nil
}

func bearer(ctx context.Context) (string, bool) {
	values := metadata.ValueFromIncomingContext(ctx, tokenHeader)
	switch len(values) {
	case 0:
		return "", false
	case 1:
		return strings.CutPrefix(values[0], "Bearer ")
	default:
		return "", true // two tokens are invalid, because another component may have verified the other one
	}
}

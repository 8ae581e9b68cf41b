package handler

import (
	"context"
	"net/http"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
	"souk/platform/field"
)

// StartSignIn sends the browser to a provider, with a cookie.
func (h *Handler) StartSignIn(ctx context.Context, req api.StartSignInRequestObject) (api.StartSignInResponseObject, error) {
	answer, err := h.SignIn.StartSignIn(ctx, &customersv1.StartSignInRequest{Provider: req.Provider, Browser: browser(ctx)})
	if err != nil {
		return nil, err
	}
	cookie := browserCookie(answer.GetBrowser()).String()
	return api.StartSignIn302Response{
		Headers: api.StartSignIn302ResponseHeaders{Location: answer.GetLocation(), SetCookie: &cookie},
	}, nil
}

// FinishSignIn sends the browser from a provider to a page of the storefront.
func (h *Handler) FinishSignIn(ctx context.Context, req api.FinishSignInRequestObject) (api.FinishSignInResponseObject, error) {
	answer, err := h.SignIn.FinishSignIn(ctx, &customersv1.FinishSignInRequest{
		Provider: req.Provider, Browser: browser(ctx), Code: value(req.Params.Code), State: value(req.Params.State),
		Issuer: value(req.Params.Iss), Error: value(req.Params.Error),
	})
	if err != nil {
		return nil, err
	}
	return api.FinishSignIn302Response{Headers: api.FinishSignIn302ResponseHeaders{Location: answer.GetLocation()}}, nil
}

// LinkIdentity links a provider to the caller's account.
func (h *Handler) LinkIdentity(ctx context.Context, req api.LinkIdentityRequestObject) (api.LinkIdentityResponseObject, error) {
	answer, err := h.SignIn.LinkIdentity(ctx, &customersv1.LinkIdentityRequest{Code: req.Body.Code, Browser: browser(ctx)})
	if err != nil {
		return nil, err
	}
	return api.LinkIdentity201JSONResponse(identityView(answer.GetIdentity())), nil
}

// ListIdentities returns with what the caller can sign in.
func (h *Handler) ListIdentities(ctx context.Context, _ api.ListIdentitiesRequestObject) (api.ListIdentitiesResponseObject, error) {
	answer, err := h.SignIn.ListIdentities(ctx, &customersv1.ListIdentitiesRequest{})
	if err != nil {
		return nil, err
	}
	return api.ListIdentities200JSONResponse{Items: views(answer.GetIdentities(), linkedIdentityView)}, nil
}

// UnlinkIdentity ends a link of the caller.
func (h *Handler) UnlinkIdentity(ctx context.Context, req api.UnlinkIdentityRequestObject) (api.UnlinkIdentityResponseObject, error) {
	if _, err := h.SignIn.UnlinkIdentity(ctx, &customersv1.UnlinkIdentityRequest{Id: req.Id}); err != nil {
		return nil, err
	}
	return api.UnlinkIdentity204Response{}, nil
}

func linkedIdentityView(i *customersv1.Identity) api.LinkedIdentity {
	return api.LinkedIdentity{Id: i.GetId(), Provider: i.GetProvider(), Email: i.GetEmail(), LinkedAt: i.GetLinkedAt().AsTime()}
}

// redeemSignIn is CreateSession with a one-time code.
func (h *Handler) redeemSignIn(ctx context.Context, given *api.Credentials) (api.CreateSessionResponseObject, error) {
	answer, err := h.SignIn.RedeemSignIn(ctx, &customersv1.RedeemSignInRequest{
		Code: value(given.Code), Browser: browser(ctx), SecondFactorCode: value(given.SecondFactorCode), UserAgent: userAgent(ctx),
	})
	if err != nil {
		return nil, err
	}
	return api.CreateSession201JSONResponse(sessionView(answer.GetSession())), nil
}

// mostCode is the length of the longest code of a second factor that is passed on.
const mostCode = 40

// checkPasswordLogin returns the violations of a login that is not one with a one-time code.
func checkPasswordLogin(given *api.Credentials) error {
	var violations []field.Violation
	violate := func(wrong bool, name, message string) {
		if wrong {
			violations = append(violations, field.Violation{Field: name, Message: message})
		}
	}
	violate(given.Email == nil, "email", "is required")
	violate(given.Password == nil, "password", "is required")
	violate(len(value(given.Code)) > mostCode, "code", "must have at most 40 characters with a password")
	violate(given.SecondFactorCode != nil, "second_factor_code", "belongs to a one-time code; with a password it is called code")
	if len(violations) > 0 {
		return edge.InvalidFields(violations...)
	}
	return nil
}

func identityView(i *customersv1.Identity) api.Identity {
	return api.Identity{
		Provider: i.GetProvider(), Issuer: i.GetIssuer(), Subject: i.GetSubject(), Email: i.GetEmail(), LinkedAt: i.GetLinkedAt().AsTime(),
	}
}

// The cookie with the secret of a browser. Browsers take one with the prefix only over https, from this host, and for all of it, so that
// no other host of the domain can plant one (draft-ietf-httpbis-rfc6265bis, 4.1.3.2).
const (
	plainCookie  = "souk_sign_in"
	secureCookie = "__Host-" + plainCookie
	// cookieAge is how long somebody may take at the provider, in seconds.
	cookieAge = 600
	// mostBrowser is the length of the longest secret that is passed on.
	mostBrowser = 100
)

func browserCookie(b *customersv1.Browser) *http.Cookie {
	c := &http.Cookie{
		Name: plainCookie, Value: b.GetSecret(), Path: "/", MaxAge: cookieAge, HttpOnly: true, Secure: b.GetBoundToHost(),
		SameSite: http.SameSiteLaxMode,
	}
	if b.GetBoundToHost() {
		c.Name = secureCookie
	}
	return c
}

type browserKey struct{}

// KeepBrowser is a middleware that keeps the cookie of a sign-in for its handler.
func KeepBrowser(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	switch operationID {
	case "StartSignIn", "FinishSignIn", "CreateSession", "LinkIdentity":
	default:
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		for _, name := range []string{plainCookie, secureCookie} {
			if cookie, err := r.Cookie(name); err == nil && len(cookie.Value) <= mostBrowser {
				ctx = context.WithValue(ctx, browserKey{}, &customersv1.Browser{Secret: cookie.Value, BoundToHost: name == secureCookie})
			}
		}
		return next(ctx, w, r, request)
	}
}

func browser(ctx context.Context) *customersv1.Browser {
	kept, _ := ctx.Value(browserKey{}).(*customersv1.Browser)
	return kept
}

package openid

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"souk/services/customers/internal/customers"
)

// mostSubject is the length of the longest subject (OpenID Connect Core 1.0, 2).
const mostSubject = 255

// told are the claims that the shop reads. Pointers tell what is missing.
type told struct {
	AuthorizedParty *string `json:"azp"`
	Email           *string `json:"email"`
	EmailVerified   flag    `json:"email_verified"`
	Name            string  `json:"name"`
}

// flag is a bool that some providers send as a string.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(text []byte) error {
	*f = string(text) == "true" || string(text) == `"true"`
	return nil
}

// source is an ID token or an answer of the provider's endpoint for claims.
type source interface{ Claims(v any) error }

// claims returns what the shop needs of a verified token. Claims that the token does not have are asked for (OpenID Connect Core 1.0, 5.3).
func (p *Provider) claims(ctx context.Context, known *found, token *oauth2.Token, idToken *oidc.IDToken) (customers.Claims, error) {
	var from told
	if err := idToken.Claims(&from); err != nil {
		return customers.Claims{}, refused("the claims are malformed")
	}
	if from.AuthorizedParty != nil && *from.AuthorizedParty != p.settings.ClientID || from.AuthorizedParty == nil && len(idToken.Audience) > 1 {
		return customers.Claims{}, refused("the ID token is for another client")
	}
	if idToken.Subject == "" || len(idToken.Subject) > mostSubject {
		return customers.Claims{}, refused("the subject is missing or too long")
	}
	roles, complete := p.roles(idToken)
	if (from.Email == nil || !complete) && known.provider.UserInfoEndpoint() != "" {
		info, err := known.provider.UserInfo(oidc.ClientContext(ctx, p.client), oauth2.StaticTokenSource(token))
		if err != nil {
			return customers.Claims{}, failure("there are no claims", err)
		}
		if info.Subject != idToken.Subject {
			return customers.Claims{}, refused("the claims are of somebody else")
		}
		if from.Email == nil { // a verified address stays with what says so
			from = told{}
			if err := info.Claims(&from); err != nil {
				return customers.Claims{}, refused("the claims are malformed")
			}
		}
		if !complete {
			roles, _ = p.roles(info)
		}
	}
	claims := customers.Claims{
		Issuer: idToken.Issuer, Subject: idToken.Subject, EmailVerified: bool(from.EmailVerified), Name: from.Name,
		DecidesRoles: p.settings.RolesClaim != "", Roles: roles,
	}
	if from.Email != nil {
		claims.Email = *from.Email
	}
	return claims, nil
}

// roles returns the roles that a claim is good for, the most powerful first. complete is false if there is such a claim in the settings and
// none in the source.
func (p *Provider) roles(from source) (roles []string, complete bool) {
	roles = []string{}
	if p.settings.RolesClaim == "" {
		return roles, true
	}
	var all map[string]json.RawMessage
	if err := from.Claims(&all); err != nil {
		return roles, true
	}
	text, ok := all[p.settings.RolesClaim]
	if !ok {
		return roles, false
	}
	var values []string
	if json.Unmarshal(text, &values) != nil {
		var value string
		if json.Unmarshal(text, &value) != nil {
			return roles, true
		}
		values = []string{value}
	}
	for _, role := range customers.StaffRoles {
		has := func(value string) bool { return p.settings.Roles[value] == role }
		if slices.ContainsFunc(values, has) {
			roles = append(roles, role)
		}
	}
	return roles, true
}

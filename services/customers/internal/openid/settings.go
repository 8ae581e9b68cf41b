// Package openid is the shop as a client of OpenID providers: it sends browsers there, and checks what they bring back.
package openid

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"souk/platform/secret"

	"souk/services/customers/internal/customers"
)

// Settings are those of one provider.
type Settings struct {
	// Name is the provider's in the paths of the shop.
	Name string `json:"name"`
	// Issuer is the URL that identifies the provider, exactly as its discovery document has it.
	Issuer       string      `json:"issuer"`
	ClientID     string      `json:"client_id"`
	ClientSecret secret.Text `json:"client_secret"`
	// Scopes are asked for besides openid, email and profile.
	Scopes []string `json:"scopes"`
	// RolesClaim is the claim that decides about roles of staff, and Roles has the role for each of its values. Without them, the provider
	// decides about no roles.
	RolesClaim string            `json:"roles_claim"`
	Roles      map[string]string `json:"roles"`
}

var names = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// Parse reads a JSON array of settings. Its errors show no secret.
func Parse(text secret.Text) ([]Settings, error) {
	if text == "" {
		return nil, nil
	}
	var all []Settings
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s is a %s", wrong.Field, wrong.Value)
		}
		if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
			return nil, fmt.Errorf("there is no field %s", name)
		}
		return nil, errors.New("it is no JSON array of providers")
	}
	for i, s := range all {
		if err := s.validate(); err != nil {
			return nil, fmt.Errorf("provider %d: %w", i+1, err)
		}
		same := func(other Settings) bool { return other.Name == s.Name }
		if slices.ContainsFunc(all[:i], same) {
			return nil, fmt.Errorf("provider %d: there is another one with the name %q", i+1, s.Name)
		}
	}
	return all, nil
}

func (s Settings) validate() error {
	switch {
	case !names.MatchString(s.Name):
		return fmt.Errorf("name: %q is none of up to 32 small letters, digits and dashes", s.Name)
	case !secure(s.Issuer):
		return fmt.Errorf("issuer: %q is no https URL without query and fragment", s.Issuer)
	case s.ClientID == "":
		return errors.New("client_id is missing")
	case s.ClientSecret == "":
		return errors.New("client_secret is missing")
	case (s.RolesClaim == "") != (len(s.Roles) == 0):
		return errors.New("roles_claim and roles go together")
	}
	for _, role := range s.Roles {
		if !slices.Contains(customers.StaffRoles, role) {
			return fmt.Errorf("roles: %q is none of %s", role, strings.Join(customers.StaffRoles, ", "))
		}
	}
	return nil
}

// secure reports whether a URL is one of https, or of this machine.
func secure(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

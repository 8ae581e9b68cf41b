package consul

import (
	"context"
	"fmt"

	"github.com/hashicorp/consul/api"

	"souk/platform/secret"
)

// GrantIdentity creates an ACL token with which a service can register itself and get its certificate, but not those of other
// services. If the token exists, it changes nothing. The client's own token must be allowed to manage ACLs.
func GrantIdentity(ctx context.Context, client *api.Client, service string, token secret.Text) error {
	opts := (&api.QueryOptions{Token: string(token)}).WithContext(ctx)
	if _, _, err := client.ACL().TokenReadSelf(opts); err == nil {
		return nil
	}
	_, _, err := client.ACL().TokenCreate(&api.ACLToken{
		SecretID: string(token), Description: service,
		ServiceIdentities: []*api.ACLServiceIdentity{{ServiceName: service}},
	}, (&api.WriteOptions{}).WithContext(ctx))
	if err != nil {
		return fmt.Errorf("consul token of %s: %w", service, err)
	}
	return nil
}

// The policy of callers without a token: they may look up services and their addresses.
const (
	readingPolicy = "souk-catalog-read"
	readingRules  = `service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }`
	// https://developer.hashicorp.com/consul/docs/security/acl/tokens#special-purpose-tokens
	anonymousToken = "00000000-0000-0000-0000-000000000002"
)

// GrantReading lets callers without a token read which services exist and where they run, because Consul's web page shows that.
// They get no certificates and can change nothing. Running it again is safe. The client's own token must be allowed to manage
// ACLs.
func GrantReading(ctx context.Context, client *api.Client) error {
	read, write := (&api.QueryOptions{}).WithContext(ctx), (&api.WriteOptions{}).WithContext(ctx)
	policy, _, err := client.ACL().PolicyReadByName(readingPolicy, read)
	if err == nil && policy == nil {
		policy, _, err = client.ACL().PolicyCreate(&api.ACLPolicy{Name: readingPolicy, Rules: readingRules}, write)
	}
	if err != nil {
		return fmt.Errorf("consul policy %s: %w", readingPolicy, err)
	}
	_, _, err = client.ACL().TokenUpdate(&api.ACLToken{
		AccessorID: anonymousToken, Description: "anonymous", Policies: []*api.ACLLink{{ID: policy.ID}},
	}, write)
	if err != nil {
		return fmt.Errorf("consul's anonymous token: %w", err)
	}
	return nil
}

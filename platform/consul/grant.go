package consul

import (
	"context"
	"fmt"

	"github.com/hashicorp/consul/api"

	"souk/platform/secret"
)

// GrantIdentity makes token the one that a service registers itself with and takes its certificate with. Those of others
// it cannot. client's own token must manage ACLs. Again changes nothing.
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

// The policy of those who show no token: which services there are, and where.
const (
	readingPolicy = "souk-catalog-read"
	readingRules  = `service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }`
	// https://developer.hashicorp.com/consul/docs/security/acl/tokens#special-purpose-tokens
	anonymousToken = "00000000-0000-0000-0000-000000000002"
)

// GrantReading lets whoever reaches the agent read which services there are, and where: its page shows that. It gives no
// certificate and changes nothing. client's own token must manage ACLs. Again changes nothing.
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

package consul

import (
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/hashicorp/consul/proto-public/pbconnectca"
	"google.golang.org/protobuf/types/known/timestamppb"

	"souk/platform/certificate"
	"souk/platform/security"
	"souk/testkit/certtest"
	"souk/testkit/securitytest"
)

func TestRootsAreTrustedForTheGraceAfterTheirReplacement(t *testing.T) {
	t.Parallel()
	const grace = 15 * time.Minute
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	active := func(pem string) *pbconnectca.CARoot { return &pbconnectca.CARoot{RootCert: pem, Active: true} }
	replaced := func(pem string, ago time.Duration) *pbconnectca.CARoot {
		return &pbconnectca.CARoot{RootCert: pem, RotatedOutAt: timestamppb.New(now.Add(-ago))}
	}
	// As Consul sends it for an unknown time.
	sometime := func(pem string) *pbconnectca.CARoot {
		return &pbconnectca.CARoot{RootCert: pem, RotatedOutAt: timestamppb.New(time.Time{})}
	}
	in := now.Add
	type roots = []*pbconnectca.CARoot
	for name, test := range map[string]struct {
		known  trust
		listed roots
		want   trust
	}{
		"the first answer":                       {nil, roots{active("b")}, trust{"b": {}}},
		"a rotation":                             {trust{"a": {}}, roots{replaced("a", time.Second), active("b")}, trust{"a": in(grace - time.Second), "b": {}}},
		"a start within the grace":               {nil, roots{replaced("a", time.Minute), active("b")}, trust{"a": in(grace - time.Minute), "b": {}}},
		"a start after it":                       {nil, roots{replaced("a", time.Hour), active("b")}, trust{"a": in(grace - time.Hour), "b": {}}},
		"a rotation heard of late":               {trust{"a": {}}, roots{replaced("a", time.Hour), active("b")}, trust{"a": in(grace - time.Hour), "b": {}}},
		"the same told again":                    {trust{"a": in(time.Minute), "b": {}}, roots{replaced("a", 0), active("b")}, trust{"a": in(time.Minute), "b": {}}},
		"the same after the grace":               {trust{"a": in(-time.Minute), "b": {}}, roots{replaced("a", -time.Hour), active("b")}, trust{"a": in(-time.Minute), "b": {}}},
		"a clock behind the authority's":         {trust{"a": {}}, roots{replaced("a", -time.Hour), active("b")}, trust{"a": in(grace), "b": {}}},
		"an unknown moment of a known root":      {trust{"a": {}}, roots{sometime("a"), active("b")}, trust{"a": in(grace), "b": {}}},
		"an unknown moment of an unknown root":   {nil, roots{sometime("a"), active("b")}, trust{"a": now, "b": {}}},
		"no moment of an unknown root":           {nil, roots{{RootCert: "a"}, active("b")}, trust{"a": now, "b": {}}},
		"a second rotation":                      {trust{"a": in(time.Minute), "b": {}}, roots{replaced("a", 14*time.Minute), replaced("b", 0), active("c")}, trust{"a": in(time.Minute), "b": in(grace), "c": {}}},
		"a root that is back":                    {trust{"a": in(time.Minute), "b": {}}, roots{active("a"), replaced("b", 0)}, trust{"a": {}, "b": in(grace)}},
		"an authority that lost its data":        {trust{"a": {}}, roots{active("b")}, trust{"a": in(grace), "b": {}}},
		"the same, told again":                   {trust{"a": in(time.Minute), "b": {}}, roots{active("b")}, trust{"a": in(time.Minute), "b": {}}},
		"the same, after the grace: forgotten":   {trust{"a": now, "b": {}}, roots{active("b")}, trust{"b": {}}},
		"a replaced root that is listed no more": {trust{"a": in(time.Minute), "b": {}}, roots{active("b")}, trust{"a": in(time.Minute), "b": {}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.known.next(test.listed, now, grace); !maps.EqualFunc(got, test.want, time.Time.Equal) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestStoredRootsAreTrustedNoLongerThanTheGrace(t *testing.T) {
	t.Parallel()
	now := time.Now()
	kept := []certificate.Root{{PEM: "active"}, {PEM: "soon", Until: now.Add(time.Second)}, {PEM: "later", Until: now.Add(time.Hour)}}
	want := trust{"active": {}, "soon": now.Add(time.Second), "later": now.Add(time.Minute)}
	if got := trustOf(kept, now, time.Minute); !maps.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestReplacingARootLogsASecurityEvent(t *testing.T) {
	t.Parallel()
	ctx, events := securitytest.Record(t.Context(), t)
	c := &certifier{identity: certificate.New(), rotated: make(chan time.Duration, 1), grace: time.Minute, logger: slog.New(slog.DiscardHandler)}
	for _, id := range []string{"a", "b", "b"} {
		authority, err := certtest.New()
		if err != nil {
			t.Fatal(err)
		}
		root := &pbconnectca.CARoot{Id: id, RootCert: string(authority.RootPEM), Active: true}
		if err := c.take(ctx, &pbconnectca.WatchRootsResponse{ActiveRootId: id, Roots: []*pbconnectca.CARoot{root}}); err != nil {
			t.Fatal(err)
		}
	}
	events.Expect(t, security.RootReplaced, "b")
}

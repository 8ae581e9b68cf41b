package edge

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestOnlyAProxysForwardedForIsUsed(t *testing.T) {
	t.Parallel()
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, test := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"a client":                        {"192.0.2.1:1000", nil, "192.0.2.1"},
		"a client that claims another":    {"192.0.2.1:1000", []string{"198.51.100.7"}, "192.0.2.1"},
		"a client that claims a proxy":    {"192.0.2.1:1000", []string{"10.0.0.1"}, "192.0.2.1"},
		"a client by IPv6":                {"[2001:db8::1]:1000", nil, "2001:db8::1"},
		"a client by IPv4 in IPv6":        {"[::ffff:192.0.2.1]:1000", nil, "192.0.2.1"},
		"a proxy":                         {"10.0.0.1:1000", []string{"192.0.2.1"}, "192.0.2.1"},
		"a proxy in IPv6":                 {"[::ffff:10.0.0.1]:1000", []string{"192.0.2.1"}, "192.0.2.1"},
		"two proxies":                     {"[fd00::1]:1000", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		"two proxies with a header each":  {"10.0.0.1:1000", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1"},
		"a claim before the proxy's word": {"10.0.0.1:1000", []string{"198.51.100.7, 192.0.2.1"}, "192.0.2.1"},
		"a proxy that says nothing":       {"10.0.0.1:1000", nil, "10.0.0.1"},
		"a proxy that says nonsense":      {"10.0.0.1:1000", []string{"192.0.2.1, unknown"}, "10.0.0.1"},
		"proxies all the way":             {"10.0.0.1:1000", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: test.peer, Header: http.Header{"X-Forwarded-For": test.forwarded}}
			if got := trusted.client(r).String(); got != test.want {
				t.Errorf("the client is %s, want %s", got, test.want)
			}
		})
	}
	r := &http.Request{RemoteAddr: "10.0.0.1:1000", Header: http.Header{"X-Forwarded-For": {"192.0.2.1"}}}
	if got := (proxies{}).client(r).String(); got != "10.0.0.1" {
		t.Errorf("without proxies the client is %s", got)
	}
}

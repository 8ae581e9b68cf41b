package rpc_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"souk/platform/rpc"
	"souk/testkit/scrape"
)

// The codes in a rule of Prometheus.
var codesInRules = regexp.MustCompile(`souk_rpc_server_calls_total\{code=~"([^"]+)"\}`)

func TestTheCountersThatRulesLookAtAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../../deploy/observability/rules/shop.yml")
	if err != nil {
		t.Fatal(err)
	}
	found := codesInRules.FindAllStringSubmatch(string(rules), -1)
	if len(found) == 0 {
		t.Fatal("no rule looks at the codes of calls")
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "souk.shown.v1.ShownService", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Do"}},
	}, t)
	rpc.ShowCalls(server)
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range found {
		for code := range strings.SplitSeq(rule[1], "|") {
			if metrics.Count("souk_rpc_server_calls_total", "method", "souk.shown.v1.ShownService/Do", "code", code) == 0 {
				t.Errorf("a rule looks at %s, which has no counter", code)
			}
		}
	}
}

package rpc_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"souk/platform/rpc"
	"souk/platform/scrape"
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
	shown := codesOf(t, "souk.shown.v1.ShownService/Do")
	for _, rule := range found {
		for code := range strings.SplitSeq(rule[1], "|") {
			if !slices.Contains(shown, code) {
				t.Errorf("a rule looks at %s, shown are %v", code, shown)
			}
		}
	}
}

// codesOf returns the codes for which the calls of a method have a counter.
func codesOf(t *testing.T, method string) (codes []string) {
	t.Helper()
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range metrics["souk_rpc_server_calls_total"].GetMetric() {
		labels := map[string]string{}
		for _, pair := range metric.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		if labels["method"] == method {
			codes = append(codes, labels["code"])
		}
	}
	return codes
}

package structure

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What asks others than the gateway over HTTP: Consul, haproxy, Prometheus, Jaeger, and the admin ports of processes. The driver of the benchmark asks the
// gateway, and is on the list because it must cost the machine less than the shop. For the same reason the visitors of the overload
// tests read answers by hand; they make no client, so they need no place here.
var askOthers = map[string]bool{
	"bench/client.go": true, "bench/profile.go": true,
	"telemetry/jaeger_test.go": true, "telemetry/series_test.go": true, // which sends what is no request of the contract
	"access/dial_test.go": true, "observe/prometheus_test.go": true, "fleet/balancer_test.go": true, "fleet/instance_test.go": true, "outage/outage_test.go": true,
	"overload/deadline_test.go": true, "resilience/breaker_test.go": true,
}

var makesClient = regexp.MustCompile(`http\.(DefaultClient|Get\(|Post\(|Head\(|PostForm\(|Client\{|Transport\{)`)

// Any answer that is not in openapi.yaml is to fail a test, whatever the test is about.
func TestEveryAnswerOfTheGatewayIsHeldAgainstTheContract(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(root(t), "e2e")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	starts, judged := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		text, folder := string(content), filepath.Dir(name)
		if makesClient.MatchString(text) && !strings.Contains(text, "Held(") && !askOthers[filepath.ToSlash(name)] && folder != "structure" {
			t.Errorf("%s asks the gateway with a client of its own: let it be one of shop.New, or hold its transport with shop.Held", name)
		}
		if strings.HasSuffix(name, "_test.go") {
			starts[folder] = starts[folder] || strings.Contains(text, "testshop.Start") && folder != "structure"
			judged[folder] = judged[folder] || strings.Contains(text, ".Verdict(m.Run())")
		}
	}
	found := 0
	for folder, shop := range starts {
		if shop {
			found++
		}
		if shop && !judged[folder] {
			t.Errorf("%s starts a shop, but its TestMain does not end with shop.Verdict", folder)
		}
	}
	if found < 9 {
		t.Errorf("only %d folders start a shop: this test looks for the wrong thing", found)
	}
}

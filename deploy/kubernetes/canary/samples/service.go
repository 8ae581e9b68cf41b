// Package samples reads from Prometheus what the pods of a service have answered, version by version.
package samples

import (
	"fmt"
	"regexp"

	"souk/deploy/observability/dashboard"
)

// Labels that Prometheus gives all series of a pod (deploy/observability/kubernetes.yml).
const (
	podLabel     = "pod"
	versionLabel = "pod_template_hash"
)

// metrics are those of what a process has answered.
type metrics struct {
	calls, duration, method string
	failed                  *regexp.Regexp
	// ignored are codes of calls that neither succeeded nor failed.
	ignored *regexp.Regexp
}

var (
	never = regexp.MustCompile(`^\b$`)
	rpcs  = metrics{
		calls: "souk_rpc_server_calls_total", duration: "souk_rpc_server_duration_seconds", method: "method",
		failed: whole(dashboard.FailedCodes), ignored: never,
	}
	requests = metrics{
		calls: "souk_http_requests_total", duration: "souk_http_request_duration_seconds", method: "route",
		failed: whole("5.."), ignored: whole("499"),
	}
)

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile("^(?:" + pattern + ")$") }

// of returns the metrics of a service, or those of the gateway.
func of(service string) metrics {
	if service == "gateway" {
		return requests
	}
	return rpcs
}

// query asks for everything at once, so that it is all of one moment.
func (m metrics) query(namespace, service string) string {
	return fmt.Sprintf(`{__name__=~"up|%s|%s_(sum|bucket)",namespace=%q,service=%q,%s!=""}`, m.calls, m.duration, namespace, service, versionLabel)
}

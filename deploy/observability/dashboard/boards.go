package dashboard

import "fmt"

// rate returns the rate of a counter, summed by a label.
func rate(metric, by string) string {
	return fmt.Sprintf(`sum by (%s) (rate(%s[$__rate_interval]))`, by, metric)
}

// p99 returns the 99th percentile of a histogram by a label.
func p99(metric, selector, by string) string {
	return fmt.Sprintf(`histogram_quantile(0.99, sum by (le, %s) (rate(%s_bucket%s[$__rate_interval])))`, by, metric, selector)
}

// most returns the largest value of a gauge by a label.
func most(metric, by string) string { return fmt.Sprintf(`max by (%s) (%s)`, by, metric) }

// FailedCodes matches the codes of calls that failed because of the service, not of its caller.
const FailedCodes = "Internal|Unknown|Unavailable|DeadlineExceeded|ResourceExhausted|Unimplemented"

const failed = `code=~"` + FailedCodes + `"`

// failedShare returns the share of a service's calls that failed, by a label.
func failedShare(by string) string {
	return fmt.Sprintf(`sum by (%[1]s) (rate(souk_rpc_server_calls_total{service="$service",%[2]s}[$__rate_interval])) / `+
		`sum by (%[1]s) (rate(souk_rpc_server_calls_total{service="$service"}[$__rate_interval]))`, by, failed)
}

var boards = []board{
	{name: "shop", title: "Souk: the shop", panels: []panel{
		graph("Requests", "reqps", rate("souk_http_requests_total", "route"), "{{route}}"),
		graph("Requests by status", "reqps", rate("souk_http_requests_total", "code"), "{{code}}"),
		graph("Time of 99 % of the requests", "s", p99("souk_http_request_duration_seconds", "", "route"), "{{route}}"),
		graph("Bad requests in the last hour", "percentunit", "slo:bad:ratio_rate1h", "{{slo}}"),
		graph("Instances that answer", "short", `sum by (service) (up{job="souk"})`, "{{service}}"),
		graph("Breakers: 1 half open, 2 open", "short", most("souk_breaker_state", "service, peer, method"), "{{service}}: {{method}} of {{peer}}"),
		graph("Products answered from the gateway's copy", "reqps", rate("souk_copy_reads_total", "result"), "{{result}}"),
		graph("Old answers, by the age that they reach at most", "short", `sum by (le) (increase(souk_copy_age_seconds_bucket[$__rate_interval]))`, "{{le}} s"),
		graph("Requests over a limit", "reqps", rate(`souk_security_events_total{event="rate_limited"}`, "service"), "{{service}}"),
		graph("Security events", "short", `sum by (event) (increase(souk_security_events_total[$__rate_interval]))`, "{{event}}"),
	}},
	{name: "service", title: "Souk: a service", byService: true, panels: []panel{
		graph("Calls", "reqps", rate(`souk_rpc_server_calls_total{service="$service"}`, "method"), "{{method}}"),
		graph("Calls by code", "reqps", rate(`souk_rpc_server_calls_total{service="$service"}`, "code"), "{{code}}"),
		graph("Failed calls", "reqps", rate(`souk_rpc_server_calls_total{service="$service",`+failed+`}`, "method, code"), "{{method}} {{code}}"),
		graph("Share of failed calls by instance", "percentunit", failedShare("instance"), "{{instance}}"),
		graph("Time of 99 % of the calls", "s", p99("souk_rpc_server_duration_seconds", `{service="$service"}`, "method"), "{{method}}"),
		graph("Time of 99 % of the calls by instance", "s", p99("souk_rpc_server_duration_seconds", `{service="$service"}`, "instance"), "{{instance}}"),
		graph("Versions", "short", `max by (instance, version, commit) (souk_build_info{service="$service"})`, "{{instance}}: {{version}} ({{commit}})"),
		graph("Calls that run and that wait", "short", `sum by (class) (souk_admission_running{service="$service"})`, "{{class}} runs").
			and(`sum by (class) (souk_admission_waiting{service="$service"})`, "{{class}} waits"),
		graph("Refused calls", "reqps", rate(`souk_admission_refused_total{service="$service"}`, "class"), "{{class}}"),
		graph("Runs of background work", "short", rate(`souk_background_runs_total{service="$service"}`, "work, outcome"), "{{work}}: {{outcome}}"),
		graph("Processors", "short", `rate(process_cpu_seconds_total{service="$service"}[$__rate_interval])`, "{{instance}}"),
		graph("Memory", "bytes", `process_resident_memory_bytes{service="$service"}`, "{{instance}}"),
		graph("Goroutines", "short", `go_goroutines{service="$service"}`, "{{instance}}"),
		graph("Certificate: time left", "s", `min by (instance) (souk_certificate_expiry_timestamp_seconds{service="$service"}) - time()`, "{{instance}}"),
	}},
	{name: "checkout", title: "Souk: checkout", panels: []panel{
		graph("Checkouts", "short", rate("souk_checkouts_total", "outcome"), "{{outcome}}"),
		graph("Time of a checkout", "s", p99("souk_http_request_duration_seconds", `{route="POST /v1/orders"}`, "route"), "99 %"),
		graph("Steps of orders", "short", rate("souk_saga_steps_total", "step, outcome"), "{{step}}: {{outcome}}"),
		graph("Calls of orders", "reqps", rate(`souk_rpc_client_calls_total{service="orders"}`, "method, code"), "{{method}} {{code}}"),
		graph("Time of 99 % of the calls of orders", "s", p99("souk_rpc_client_duration_seconds", `{service="orders"}`, "peer"), "{{peer}}"),
		graph("Orders that need a person", "short", most("souk_orders_attention", "reason"), "{{reason}}"),
		graph("Jobs that wait", "short", most("souk_job_waiting", "queue"), "{{queue}}"),
		graph("How long no process has taken the oldest job", "s", most("souk_job_oldest_age_seconds", "queue"), "{{queue}}"),
		graph("Webhooks", "short", rate("souk_webhooks_total", "provider, outcome"), "{{provider}}: {{outcome}}"),
		graph("Differences found by the audit", "short", most("souk_audit_violations", "check"), "{{check}}"),
	}},
	{name: "databases", title: "Souk: databases", panels: []panel{
		graph("Connections in use", "short", `sum by (service) (souk_db_pool_connections{state="acquired"})`, "{{service}}").
			and(`sum by (service) (souk_db_pool_connections{state="max"})`, "{{service}}: most"),
		graph("Idle connections", "short", `sum by (service) (souk_db_pool_connections{state="idle"})`, "{{service}}"),
		graph("Waits for a connection", "short", rate("souk_db_pool_waits_total", "service"), "{{service}}"),
		graph("Time spent waiting for a connection", "s", rate("souk_db_pool_wait_seconds_total", "service"), "{{service}}"),
		graph("Statements", "short", rate("souk_db_query_duration_seconds_count", "service, query"), "{{service}}: {{query}}"),
		graph("Time of 99 % of the statements", "s", p99("souk_db_query_duration_seconds", "", "service, query"), "{{service}}: {{query}}"),
	}},
	{name: "feeds", title: "Souk: feeds", panels: []panel{
		graph("Time since a feed was read, by the instance that is the furthest behind", "s", `time() - min by (service, feed) (souk_feed_last_success_timestamp_seconds)`, "{{service}}: {{feed}}"),
		graph("Entries", "short", rate("souk_feed_entries_total", "service, feed"), "{{service}}: {{feed}}"),
		graph("Instances left out by their callers", "short", most("souk_instances_left_alone", "service, peer, reason"), "{{service}}: {{peer}} ({{reason}})"),
		graph("Failed background work", "short", rate(`souk_background_runs_total{outcome="failed"}`, "service, work"), "{{service}}: {{work}}"),
	}},
}

package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"souk/deploy/observability"
	"souk/testkit/devserver"
)

// Names of the parts of a shop that is observed, besides Audit.
const (
	Prometheus = "prometheus"
	Jaeger     = "jaeger"
)

// auditEvery is the time between two audits of a shop that is observed.
const auditEvery = "1m"

// ParseObserve looks for OBSERVE=1 among assignments. It returns whether it is there, and the other assignments.
func ParseObserve(assignments []string) (observe bool, others []string, err error) {
	for _, assignment := range assignments {
		value, found := strings.CutPrefix(assignment, "OBSERVE=")
		if !found {
			others = append(others, assignment)
			continue
		}
		if value != "0" && value != "1" {
			return false, nil, fmt.Errorf("OBSERVE: %q is neither 1 nor 0", value)
		}
		observe = value == "1"
	}
	return observe, others, nil
}

// BuildAudit compiles the audit of the repository at root into binDir. Only a shop that is observed runs it.
func BuildAudit(ctx context.Context, root, binDir string) error {
	return Compile(ctx, filepath.Join(root, "deploy", Audit), filepath.Join(binDir, Audit), "")
}

// startObservers starts Jaeger and Prometheus.
func (s *Stack) startObservers(ctx context.Context) error {
	if err := s.startJaeger(ctx); err != nil {
		return err
	}
	return s.startPrometheus(ctx)
}

// observability returns the path of a file or folder of Prometheus and Jaeger.
func (s *Stack) observability(elements ...string) string {
	return s.cfg.path(append([]string{"observability"}, elements...)...)
}

func (s *Stack) startJaeger(ctx context.Context) error {
	server, err := devserver.StartJaeger(ctx, devserver.JaegerConfig{
		Dir: s.observability("jaeger"), ConfigFile: s.observability(observability.JaegerFile), Port: s.cfg.JaegerPort,
		OTLPPort: s.cfg.TracesPort, LogFile: s.LogFile(Jaeger), Progress: s.cfg.Progress, Started: s.started(Jaeger),
	})
	if err == nil && s.jaeger == nil {
		s.jaeger = server
		s.cfg.say("Jaeger on http://%s", server.Addr())
	}
	return err
}

func (s *Stack) startPrometheus(ctx context.Context) error {
	server, err := devserver.StartPrometheus(ctx, devserver.PrometheusConfig{
		Dir: s.observability("prometheus"), ConfigFile: s.observability(observability.PrometheusFile), Port: s.cfg.PrometheusPort,
		LogFile: s.LogFile(Prometheus), Progress: s.cfg.Progress, Started: s.started(Prometheus),
	})
	if err == nil && s.prometheus == nil {
		s.prometheus = server
		s.cfg.say("Prometheus on http://%s", server.Addr())
	}
	return err
}

// PrometheusAddr returns the address (host:port) of Prometheus' HTTP API, if the shop is observed.
func (s *Stack) PrometheusAddr() string { return s.prometheus.Addr() }

// JaegerAddr returns the address (host:port) of Jaeger's HTTP API, if the shop is observed.
func (s *Stack) JaegerAddr() string { return s.jaeger.Addr() }

// RulesDir returns the folder with the rules that Prometheus reads, if the shop is observed.
func (s *Stack) RulesDir() string { return s.observability("rules") }

// tracing returns the settings with which a process sends its traces to Jaeger.
func (s *Stack) tracing() []string { return []string{"SOUK_TRACES_URL=http://" + s.jaeger.OTLPAddr()} }

// auditing returns the settings with which the audit runs every minute.
func (s *Stack) auditing() []string {
	return []string{
		"SOUK_AUDIT_EVERY=" + auditEvery, "SOUK_AUDIT_DISKS=" + s.cfg.Dir, "SOUK_URL=" + s.URL(),
		"SOUK_CLIENT_ID=" + Audit, "SOUK_CLIENT_SECRET=" + s.ClientSecret(Audit),
	}
}

// withAdminPort returns the environment of a part with a free admin port, unless the environment has a port for it, or says that there
// is none. The port is another one at each start, because a process may run beside the one that it replaces.
func withAdminPort(env []string, part string) ([]string, error) {
	variable := adminVariable(part)
	address, set := lookUp(env, variable)
	if _, port, err := net.SplitHostPort(address); set && (err != nil || port != "0") {
		return env, nil
	}
	port, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	return append(env, variable+"="+net.JoinHostPort("127.0.0.1", strconv.Itoa(port))), nil
}

// adminVariable returns the name of the setting that says where a part has its admin port, or the audit its metrics.
func adminVariable(part string) string {
	return "SOUK_" + strings.ToUpper(serviceOf(part)) + "_ADMIN_ADDR"
}

// lookUp returns the value of a variable in an environment, in which the last assignment counts.
func lookUp(env []string, variable string) (value string, set bool) {
	for _, assignment := range slices.Backward(env) {
		if value, set := strings.CutPrefix(assignment, variable+"="); set {
			return value, true
		}
	}
	return "", false
}

// target is an entry of the file from which Prometheus reads what it scrapes.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// targets returns the process of each part that has an admin port. One that has ended stays a target until the part is started again,
// so that Prometheus sees that it is down.
func (s *Stack) targets() []target {
	all := []target{}
	for _, part := range append(s.cfg.own(), Audit) {
		process := s.processes[part]
		if process == nil {
			continue
		}
		if address, _ := lookUp(process.Env(), adminVariable(part)); address != "" {
			all = append(all, target{Targets: []string{address}, Labels: map[string]string{"service": serviceOf(part)}})
		}
	}
	return all
}

// writeTargets tells Prometheus what to scrape.
func (s *Stack) writeTargets() error {
	content, err := json.MarshalIndent(s.targets(), "", "  ")
	if err != nil {
		return err
	}
	// Under another name first, so that Prometheus never reads half a file.
	file := s.observability(observability.TargetsFile)
	if err := os.WriteFile(file+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

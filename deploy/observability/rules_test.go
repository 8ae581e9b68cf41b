package observability_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"souk/deploy/observability"
	"souk/testkit/devserver"
)

// rule is a rule of Prometheus, of which those that alert have a name.
type rule struct {
	Alert       string            `yaml:"alert"`
	Record      string            `yaml:"record"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// rules returns the rules of all files.
func rules(t *testing.T) (all []rule) {
	t.Helper()
	names, err := filepath.Glob("rules/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := observability.Rules.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []struct {
				Rules []rule `yaml:"rules"`
			} `yaml:"groups"`
		}
		if err := yaml.Unmarshal(content, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, group := range file.Groups {
			all = append(all, group.Rules...)
		}
	}
	if len(all) < 20 {
		t.Fatalf("%d rules", len(all))
	}
	return all
}

// alerts returns the names of the alerts.
func alerts(t *testing.T) (names []string) {
	t.Helper()
	for _, r := range rules(t) {
		if r.Alert != "" {
			names = append(names, r.Alert)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// promtool runs promtool in this folder.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := devserver.Promtool(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, output)
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	return names
}

func TestRulesAreValid(t *testing.T) {
	t.Parallel()
	promtool(t, append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, files(t, "rules/*.yml")...)...)
}

func TestRulesFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	promtool(t, append([]string{"test", "rules"}, files(t, "tests/*_test.yml")...)...)
}

func TestPrometheusAcceptsItsConfigurations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := observability.Write(dir); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "config", "--lint=none", filepath.Join(dir, observability.PrometheusFile))
	// The configurations of the containers find processes by DNS or at Kubernetes' API server, which the promtool of tools/build is built
	// without. They must still be like the local one in all else.
	for _, name := range []string{"local.yml", "prometheus.yml", "kubernetes.yml"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var config struct {
			RuleFiles     []string `yaml:"rule_files"`
			ScrapeConfigs []struct {
				Job string `yaml:"job_name"`
			} `yaml:"scrape_configs"`
		}
		if err := yaml.Unmarshal(content, &config); err != nil || len(config.ScrapeConfigs) != 1 || config.ScrapeConfigs[0].Job != "souk" || len(config.RuleFiles) != 1 {
			t.Errorf("%s: %v, %+v; want one job souk, and the rules", name, err, config)
		}
	}
}

// A test of promtool that expects an alert, and not that there is none.
var firing = regexp.MustCompile(`alertname: (\w+)\n +exp_alerts:`)

func TestEachAlertHasATestInWhichItFires(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, name := range files(t, "tests/*_test.yml") {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range firing.FindAllStringSubmatch(string(content), -1) {
			tested[match[1]] = true
		}
	}
	for _, alert := range alerts(t) {
		if !tested[alert] {
			t.Errorf("no test in which %s fires", alert)
		}
	}
}

func TestEachAlertSaysHowUrgentItIsAndWhatToDo(t *testing.T) {
	t.Parallel()
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		if severity := r.Labels["severity"]; severity != "page" && severity != "ticket" {
			t.Errorf("%s: severity is %q", r.Alert, severity)
		}
		if want := "docs/runbooks/" + r.Alert + ".md"; r.Labels["runbook"] != want {
			t.Errorf("%s: runbook is %q, want %s", r.Alert, r.Labels["runbook"], want)
		}
		if r.Annotations["summary"] == "" {
			t.Errorf("%s: no summary", r.Alert)
		}
	}
}

// The headings of the page of an alert.
var headings = []string{"## What it means", "## What a customer notices", "## Look here first", "## What to do", "## When to wake someone"}

func TestEachAlertHasAPageAndEachPageAnAlert(t *testing.T) {
	t.Parallel()
	var pages []string
	for _, file := range files(t, "../../docs/runbooks/*.md") {
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		pages = append(pages, name)
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rest := string(content)
		for _, heading := range append([]string{"# " + name}, headings...) {
			_, after, found := strings.Cut(rest, heading+"\n")
			if !found {
				t.Errorf("%s has no %q, or not in its place", file, heading)
			}
			rest = after
		}
	}
	slices.Sort(pages)
	if want := alerts(t); !slices.Equal(pages, want) {
		t.Errorf("pages are\n%v, alerts\n%v", pages, want)
	}
}

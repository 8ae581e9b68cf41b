package structure

import (
	"encoding/json"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Labels that Prometheus gives each series of a process.
var targetLabels = []string{"service", "instance", "job"}

// metrics returns the labels of the metrics that the code defines, by their names.
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, folder := range []string{"platform", "services", "gateway", "deploy/audit"} {
		inspectSources(t, filepath.Join(root(t), folder), func(_ string, n ast.Node) {
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
				if name := metricName(call.Args[0]); name != "" {
					found[name] = labelsOf(call)
				}
			}
		})
	}
	if len(found) < 30 {
		t.Fatalf("only %d metrics were found", len(found))
	}
	return found
}

// metricName returns the name in the first argument of a call that makes a metric: the name itself, or options with a name.
func metricName(argument ast.Expr) string {
	switch argument := argument.(type) {
	case *ast.BasicLit:
		if name, err := strconv.Unquote(argument.Value); err == nil && strings.HasPrefix(name, "souk_") {
			return name
		}
	case *ast.CompositeLit:
		for _, element := range argument.Elts {
			if field, ok := element.(*ast.KeyValueExpr); ok {
				if key, ok := field.Key.(*ast.Ident); ok && key.Name == "Name" {
					return metricName(field.Value)
				}
			}
		}
	}
	return ""
}

// labelsOf returns the labels of a metric: the list of texts among the other arguments of the call that makes it.
func labelsOf(call *ast.CallExpr) (labels []string) {
	for _, argument := range call.Args[1:] {
		list, ok := argument.(*ast.CompositeLit)
		if !ok {
			continue
		}
		for _, element := range list.Elts {
			if text, ok := element.(*ast.BasicLit); ok {
				labels = append(labels, strings.Trim(text.Value, `"`))
			}
		}
	}
	return labels
}

var (
	ruleExpression  = regexp.MustCompile(`(?m)^ +expr: '(.*)'$`)
	panelExpression = regexp.MustCompile(`(?m)^ +"expr": (".*"),?$`)
	// A metric of the shop, with its matchers.
	selected = regexp.MustCompile(`\b(souk_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"`)
	grouping = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// expressions returns the expressions of all rules and of all panels.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), "deploy", "observability", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		switch filepath.Base(filepath.Dir(file)) {
		case "rules":
			for _, match := range ruleExpression.FindAllStringSubmatch(string(text), -1) {
				all = append(all, match[1])
			}
		case "dashboards":
			for _, match := range panelExpression.FindAllStringSubmatch(string(text), -1) {
				var expr string
				if err := json.Unmarshal([]byte(match[1]), &expr); err != nil {
					t.Fatal(err)
				}
				all = append(all, expr)
			}
		}
	}
	if len(all) < 70 {
		t.Fatalf("only %d expressions were found", len(all))
	}
	return all
}

// Prometheus gives no error for a label that a metric lacks. The expression only has no result, or one group instead of many.
func TestRulesAndDashboardsUseMetricsAndLabelsThatExist(t *testing.T) {
	t.Parallel()
	known := metrics(t)
	for _, expr := range expressions(t) {
		var groups []string
		for _, by := range grouping.FindAllStringSubmatch(expr, -1) {
			groups = append(groups, strings.Split(by[1], ", ")...)
		}
		for _, match := range selected.FindAllStringSubmatch(expr, -1) {
			labels, exists := labelsInQuery(known, match[1])
			if !exists {
				t.Errorf("no code has the metric %s: %s", match[1], expr)
				continue
			}
			used := slices.Clone(groups)
			for _, m := range matcher.FindAllStringSubmatch(match[2], -1) {
				used = append(used, m[1])
			}
			for _, label := range used {
				if !slices.Contains(labels, label) {
					t.Errorf("%s has no label %s: %s", match[1], label, expr)
				}
			}
		}
	}
}

// The judge of rollouts asks Prometheus by names, too.
func TestTheJudgeOfRolloutsReadsMetricsThatExist(t *testing.T) {
	t.Parallel()
	known := metrics(t)
	read := selected.FindAllStringSubmatch(readFile(t, "deploy/kubernetes/canary/samples/service.go"), -1)
	if len(read) != 4 {
		t.Fatalf("it reads %v", read)
	}
	for _, match := range read {
		labels, exists := known[match[1]]
		if !exists || !slices.Contains([]string{"method", "route"}, labels[0]) || strings.HasSuffix(match[1], "_total") != slices.Contains(labels, "code") {
			t.Errorf("%s exists: %t, with the labels %v", match[1], exists, labels)
		}
	}
}

// labelsInQuery returns the labels of a metric of a query, which may be a series of a histogram.
func labelsInQuery(known map[string][]string, name string) (labels []string, exists bool) {
	labels, exists = known[name]
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		histogram, ok := strings.CutSuffix(name, suffix)
		if exists || !ok {
			continue
		}
		labels, exists = known[histogram]
		if suffix == "_bucket" {
			labels = append(slices.Clone(labels), "le")
		}
	}
	return append(slices.Clone(labels), targetLabels...), exists
}

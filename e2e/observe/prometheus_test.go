package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// prometheus is a client of a Prometheus server.
type prometheus struct{ url string }

// ask sends a request to the API and reads the data of its answer.
func (p prometheus) ask(ctx context.Context, method, path string, parameters url.Values, data any) error {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path+"?"+parameters.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, body)
	}
	if data == nil {
		return nil
	}
	return json.Unmarshal(body, &struct{ Data any }{data})
}

// series is an element of the result of a query.
type series struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
}

// query returns the series that a query has now.
func (p prometheus) query(ctx context.Context, expr string) ([]series, error) {
	var data struct{ Result []series }
	err := p.ask(ctx, http.MethodGet, "/api/v1/query", url.Values{"query": {expr}}, &data)
	return data.Result, err
}

// mustHave returns an error if a query has no series, or none with a number.
func (p prometheus) mustHave(ctx context.Context, expr string) error {
	found, err := p.query(ctx, expr)
	if err != nil {
		return fmt.Errorf("%s: %w", expr, err)
	}
	for _, s := range found {
		if s.Value[1] != "NaN" {
			return nil
		}
	}
	return fmt.Errorf("%s: %d series, none with a number", expr, len(found))
}

// rule is a rule that Prometheus has loaded.
type rule struct {
	Name   string
	Type   string
	Query  string
	Health string
	Error  string `json:"lastError"`
}

// rules returns all rules.
func (p prometheus) rules(ctx context.Context) (all []rule, err error) {
	var data struct{ Groups []struct{ Rules []rule } }
	err = p.ask(ctx, http.MethodGet, "/api/v1/rules", nil, &data)
	for _, group := range data.Groups {
		all = append(all, group.Rules...)
	}
	return all, err
}

// selectors returns the selectors in an expression, without the time over which they look: metrics with the labels that they must have.
func (p prometheus) selectors(t *testing.T, expr string) (all []string) {
	t.Helper()
	var tree any
	if err := p.ask(t.Context(), http.MethodGet, "/api/v1/parse_query", url.Values{"query": {expr}}, &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(node any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, child := range node {
				walk(child)
			}
		case map[string]any:
			if kind := node["type"]; kind == "vectorSelector" || kind == "matrixSelector" {
				all = append(all, selector(node))
				return
			}
			for _, child := range node {
				walk(child)
			}
		}
	}
	walk(tree)
	return all
}

// selector writes a selector as PromQL has it.
func selector(node map[string]any) string {
	var matchers []string
	for _, m := range node["matchers"].([]any) {
		m := m.(map[string]any)
		matchers = append(matchers, fmt.Sprintf("%s%s%q", m["name"], m["type"], m["value"]))
	}
	return "{" + strings.Join(matchers, ",") + "}"
}

// firing returns an error unless an alert fires.
func (p prometheus) firing(ctx context.Context, alert string) error {
	if err := p.mustHave(ctx, fmt.Sprintf(`ALERTS{alertname=%q,alertstate="firing"}`, alert)); err != nil {
		return fmt.Errorf("%s does not fire: %w", alert, err)
	}
	return nil
}

// quiet returns an error if an alert fires.
func (p prometheus) quiet(ctx context.Context, matchers string) error {
	found, err := p.query(ctx, fmt.Sprintf(`ALERTS{alertstate="firing",%s}`, matchers))
	if err == nil && len(found) > 0 {
		return fmt.Errorf("fires: %v", found[0].Metric)
	}
	return err
}

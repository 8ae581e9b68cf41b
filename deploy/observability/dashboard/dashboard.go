// Package dashboard generates the dashboards of Grafana. boards.go lists their panels.
package dashboard

import "encoding/json"

// board is a dashboard.
type board struct {
	name, title string
	// byService gives the board a choice of the service, as $service.
	byService bool
	panels    []panel
}

// panel is a graph of some queries.
type panel struct {
	title, unit string
	queries     []query
}

// query is a line of a graph, or several if the legend names a label.
type query struct {
	expr, legend string
}

// graph is a panel with one query.
func graph(title, unit, expr, legend string) panel {
	return panel{title: title, unit: unit, queries: []query{{expr, legend}}}
}

// and returns the panel with one more query.
func (p panel) and(expr, legend string) panel {
	p.queries = append(p.queries, query{expr, legend})
	return p
}

type object = map[string]any

// All returns the files of all dashboards by their names.
func All() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, b := range boards {
		text, err := json.MarshalIndent(b.model(), "", " ")
		if err != nil {
			return nil, err
		}
		files[b.name+".json"] = append(text, '\n')
	}
	return files, nil
}

// model returns the dashboard in the format of Grafana.
func (b board) model() object {
	variables := []object{}
	if b.byService {
		variables = append(variables, object{
			"name": "service", "type": "query", "datasource": source, "refresh": 1,
			"query": "label_values(souk_build_info, service)",
		})
	}
	var panels []object
	for i, p := range b.panels {
		panels = append(panels, p.model(i))
	}
	return object{
		"uid": "souk-" + b.name, "title": b.title, "tags": []string{"souk"}, "schemaVersion": 39, "refresh": "10s",
		"time": object{"from": "now-1h", "to": "now"}, "templating": object{"list": variables}, "panels": panels,
	}
}

// source is the data source that provisioning/datasources makes.
var source = object{"type": "prometheus", "uid": "prometheus"}

// model returns the i-th panel of a dashboard. There are two in a row.
func (p panel) model(i int) object {
	const width, height = 12, 8
	var targets []object
	for n, q := range p.queries {
		targets = append(targets, object{"refId": string(rune('A' + n)), "expr": q.expr, "legendFormat": q.legend})
	}
	return object{
		"id": i + 1, "type": "timeseries", "title": p.title, "datasource": source, "targets": targets,
		"fieldConfig": object{"defaults": object{"unit": p.unit, "min": 0}},
		"gridPos":     object{"x": i % 2 * width, "y": i / 2 * height, "w": width, "h": height},
	}
}

// Package observability contains what watches a running shop: the configuration of Prometheus and Jaeger, the rules with which
// Prometheus records and alerts, and the dashboards of Grafana.
package observability

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Names of files that Write makes.
const (
	PrometheusFile = "prometheus.yml"
	JaegerFile     = "jaeger.yml"
	// TargetsFile lists the processes that Prometheus scrapes, in the format of its file_sd_configs. Write does not make it.
	TargetsFile = "targets.json"
)

// Rules are the files with the rules of Prometheus, in the folder rules.
//
//go:embed rules/*.yml
var Rules embed.FS

//go:embed local.yml
var local []byte

//go:embed jaeger.yml
var jaeger []byte

// Write writes into dir, which it makes, the configuration with which Prometheus and Jaeger run beside a shop on the same machine, and the rules.
func Write(dir string) error {
	files := map[string][]byte{PrometheusFile: local, JaegerFile: jaeger}
	names, err := fs.Glob(Rules, "rules/*.yml")
	if err != nil {
		return err
	}
	for _, name := range names {
		if files[name], err = Rules.ReadFile(name); err != nil {
			return err
		}
	}
	// A file of an earlier version that has been renamed since would give rules twice.
	if err := os.RemoveAll(filepath.Join(dir, "rules")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("configuration of Prometheus and Jaeger: %w", err)
		}
	}
	return nil
}

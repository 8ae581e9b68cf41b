// Command generate writes the rules of the objectives and the dashboards into the folder that it is given: deploy/observability.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"souk/deploy/observability/dashboard"
	"souk/deploy/observability/slo"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "rules", "slo.yml"), []byte(slo.Rules()), 0o644); err != nil {
		return err
	}
	boards, err := dashboard.All()
	if err != nil {
		return err
	}
	for name, text := range boards {
		if err := os.WriteFile(filepath.Join(dir, "dashboards", name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

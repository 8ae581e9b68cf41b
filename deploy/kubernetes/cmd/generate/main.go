// Command generate writes the network policies into the folder that it is given: deploy/kubernetes.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"souk/deploy/kubernetes/network"
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
	policies, err := network.Policies()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "base", "network", "policies.yaml"), []byte(policies), 0o644)
}

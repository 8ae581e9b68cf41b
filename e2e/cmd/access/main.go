// Command access prints who may do what: every RPC with its access rule, and every route of the REST API. It fails when
// one of them says nothing of it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"souk/e2e/access"
	"souk/testkit/devserver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "access:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := devserver.RepoRoot()
	if err != nil {
		return err
	}
	rpcs, rpcErr := access.RPCs()
	routes, routeErr := access.Routes(filepath.Join(root, "gateway", "openapi.yaml"))
	return errors.Join(access.Print(os.Stdout, rpcs, routes), rpcErr, routeErr)
}

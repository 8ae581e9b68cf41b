// Command page writes docs/errors.md: every code of the REST API's problems, and every reason of the services' errors. It takes the
// repository's folder.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: page REPOSITORY")
	}
	text, err := page(args[0])
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(args[0], "docs", "errors.md"), []byte(text), 0o644)
}

// Command release releases one service, or the gateway, alone:
//
//	release plan orders          say which changes a release would have, and which version it would be
//	release plan orders 1.1.0    release it: write deploy/releases.json and the service's CHANGELOG.md
//	release check                compare today's contracts with those of the last releases
//	release tags                 tag the commits of all releases
//	release commit orders 1.1.0  print the commit of a release
//	release sbom orders          check that the SBOM that make sbom has made lists what is in the binary
//
// It refuses a release that breaks a contract, because services are replaced one at a time, and those that run beside the new one must
// still understand it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"souk/tools/release/git"
	"souk/tools/release/record"
)

func main() {
	root, err := findRoot()
	if err == nil {
		err = command(context.Background(), shop{root: root, out: os.Stdout}, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// findRoot returns the root of the repository that the working directory is in. Sources in an archive are in no repository of git.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.work")); statErr == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.work above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// shop is the repository whose parts are released.
type shop struct {
	root string
	out  io.Writer
}

func (s shop) git() git.Repository { return git.Repository(s.root) }

func (s shop) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s shop) path(elements ...string) string {
	return filepath.Join(append([]string{s.root}, elements...)...)
}

var errUsage = errors.New("usage: release plan NAME [VERSION] | check | tags | commit NAME VERSION | sbom NAME")

func command(ctx context.Context, s shop, args []string) error {
	args = append(args, "", "", "")
	releases, err := record.Read(s.root)
	if err != nil {
		return err
	}
	if _, known := releases[args[1]]; !known && args[1] != "" {
		return fmt.Errorf("deploy/releases.json has no %q", args[1])
	}
	switch name, part, version := args[0], args[1], args[2]; {
	case name == "check":
		return s.check(ctx, releases)
	case name == "tags":
		return s.tag(ctx, releases)
	case part == "":
		return errUsage
	case name == "plan":
		return s.release(ctx, releases, part, version)
	case name == "commit":
		return s.commit(releases, part, version)
	case name == "sbom":
		return s.checkSBOM(part)
	}
	return errUsage
}

func (s shop) commit(releases record.Releases, part, version string) error {
	for _, r := range releases[part] {
		if r.Version == version {
			s.say("%s", r.Commit)
			return nil
		}
	}
	return fmt.Errorf("deploy/releases.json has no %s %s", part, version)
}

// Command testreport reads what `go test -json` prints and says, package by package, what ran. It fails
// when a test failed, when a package did not build, and when a package that holds tests ran none.
//
//	go test -json ./... | testreport DIR FAILURES
//
// DIR is the module's folder, where it looks which packages hold tests. FAILURES is the file to which it adds what failed, because
// a long run scrolls away.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | testreport DIR FAILURES")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

func run(dir, failures string) error {
	report, err := read(os.Stdin)
	if err != nil {
		return err
	}
	err = report.print(os.Stdout, dir)
	if err == nil {
		return nil
	}
	file, openErr := os.OpenFile(failures, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	report.printFailures(file)
	fmt.Fprintf(file, "%s: %v\n", dir, err)
	return errors.Join(err, file.Close())
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64
}

type result struct {
	name                    string
	passed, failed, skipped int
	ended                   string
	seconds                 float64
	output                  map[string][]string
	failures                []string
}

type report struct {
	packages map[string]*result
	// What the compiler said.
	build []string
}

func read(r io.Reader) (*report, error) {
	rep := &report{packages: map[string]*result{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			rep.build = append(rep.build, lines.Text()+"\n")
			continue
		}
		rep.add(e)
	}
	return rep, lines.Err()
}

func (rep *report) add(e event) {
	if e.Action == "build-output" {
		rep.build = append(rep.build, e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := rep.packages[e.Package]
	if p == nil {
		p = &result{name: e.Package, output: map[string][]string{}}
		rep.packages[e.Package] = p
	}
	switch {
	case e.Action == "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
		p.ended, p.seconds = e.Action, e.Elapsed
	case e.Action == "pass":
		p.passed++
		p.show(e.Test)
	case e.Action == "fail":
		p.failed++
		p.failures = append(p.failures, e.Test)
	case e.Action == "skip":
		p.skipped++
	}
}

// show keeps of a passed test's output only the figures it reports, lines with "measured:".
func (p *result) show(test string) {
	p.output[test] = slices.DeleteFunc(p.output[test], func(line string) bool {
		return !strings.Contains(line, "measured:")
	})
}

func (rep *report) print(w io.Writer, dir string) error {
	var passed, failed, skipped, ran int
	var bad []string
	for _, name := range slices.Sorted(maps.Keys(rep.packages)) {
		p := rep.packages[name]
		passed, failed, skipped = passed+p.passed, failed+p.failed, skipped+p.skipped
		if p.passed+p.failed > 0 {
			ran++
			fmt.Fprintf(w, "%-6s %-45s %4d passed %3d failed %3d skipped %6.1fs\n", p.ended, name, p.passed, p.failed, p.skipped, p.seconds)
		}
		if p.ended != "pass" && p.ended != "skip" {
			bad = append(bad, name)
		}
		p.printOutput(w)
	}
	for _, line := range rep.build {
		fmt.Fprint(w, line)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	idle, err := rep.idle(dir)
	switch {
	case err != nil:
		return err
	case len(bad) > 0:
		return fmt.Errorf("failed: %s", strings.Join(bad, ", "))
	case ran == 0:
		return fmt.Errorf("no test ran in %s", dir)
	case len(idle) > 0:
		return fmt.Errorf("hold tests and ran none: %s", strings.Join(idle, ", "))
	}
	return nil
}

// printFailures writes what the compiler said, and each failed test with the last lines of what it printed.
func (rep *report) printFailures(w io.Writer) {
	const lines = 25
	for _, line := range rep.build {
		fmt.Fprint(w, line)
	}
	for _, name := range slices.Sorted(maps.Keys(rep.packages)) {
		p := rep.packages[name]
		failed := p.failures
		if p.ended != "pass" && p.ended != "skip" && len(failed) == 0 {
			failed = []string{""}
		}
		for _, test := range failed {
			fmt.Fprintf(w, "%s %s\n", name, test)
			output := p.output[test]
			for _, line := range output[max(0, len(output)-lines):] {
				fmt.Fprint(w, "    ", line)
			}
		}
	}
}

// idle are the packages below dir that hold tests, none of which ran: all were skipped, or left out of the build.
func (rep *report) idle(dir string) ([]string, error) {
	names, err := packagesWithTests(dir)
	return slices.DeleteFunc(names, func(name string) bool {
		p := rep.packages[name]
		return p != nil && p.passed+p.failed > 0
	}), err
}

func (p *result) printOutput(w io.Writer) {
	for _, test := range slices.Sorted(maps.Keys(p.output)) {
		if test == "" && p.ended != "fail" {
			continue
		}
		for _, line := range p.output[test] {
			fmt.Fprint(w, "    ", line)
		}
	}
}

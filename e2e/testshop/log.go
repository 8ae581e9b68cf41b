package testshop

import (
	"os"
	"slices"
	"strings"

	"souk/deploy/local/stack"
)

// Logged returns the lines in the logs of the services and the gateways that are wanted. A log that cannot be read has none.
func (s *Shop) Logged(wanted func(line string) bool) []string {
	var lines []string
	for _, service := range append(slices.Clone(stack.Services), stack.Gateway) {
		for _, part := range s.Instances(service) {
			lines = append(lines, linesOf(s.LogFile(part), wanted)...)
		}
	}
	return lines
}

func linesOf(file string, wanted func(line string) bool) (lines []string) {
	content, _ := os.ReadFile(file)
	for line := range strings.Lines(string(content)) {
		if wanted(line) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

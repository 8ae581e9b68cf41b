package stack

import (
	"os"
	"strings"
)

// LogFile is where a process of the shop writes what it logs.
func (s *Stack) LogFile(name string) string {
	return s.cfg.path("logs", name+".log")
}

// Logged returns the lines in the logs of the gateway and the services that are wanted. A log that cannot be read has none.
func (s *Stack) Logged(wanted func(line string) bool) []string {
	var lines []string
	for _, name := range s.cfg.own() {
		content, err := os.ReadFile(s.LogFile(name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			if wanted(line) {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
	}
	return lines
}

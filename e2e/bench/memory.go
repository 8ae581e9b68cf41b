package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"souk/deploy/local/stack"
)

// The most memory that the Go processes should hold together, in MiB.
const (
	mostIdle  = 200
	mostAfter = 350
)

// Memory is how much the services and the gateway of the shoppers hold together: their resident memory, which is VmRSS in
// /proc/<pid>/status, in MiB.
type Memory struct {
	// Idle is after the start, before any request, and After at the end of the measurement.
	Idle  float64 `json:"idle_mib"`
	After float64 `json:"after_mib"`
	// IdleOf and AfterOf are those of each process.
	IdleOf  map[string]float64 `json:"idle_mib_by_process"`
	AfterOf map[string]float64 `json:"after_mib_by_process"`
	// Short tells that one of the two is more than its bar.
	Short bool `json:"short,omitempty"`
}

func newMemory(idle, after map[string]float64) *Memory {
	m := &Memory{IdleOf: idle, AfterOf: after}
	for _, mib := range idle {
		m.Idle += mib
	}
	for _, mib := range after {
		m.After += mib
	}
	m.Short = m.Idle > mostIdle || m.After > mostAfter
	return m
}

// text says both figures, each with its bar.
func (m *Memory) text() string {
	verdict := func(mib, most float64) string {
		if mib > most {
			return "short"
		}
		return "pass"
	}
	return fmt.Sprintf("Memory of the %d Go processes (RSS): idle %.0f MiB, bar %d, %s; after the measurement %.0f MiB, bar %d, %s.",
		len(m.IdleOf), m.Idle, mostIdle, verdict(m.Idle, mostIdle), m.After, mostAfter, verdict(m.After, mostAfter))
}

// memory returns the resident memory of the seven services and the gateway of the shoppers, in MiB.
func memory(s *stack.Stack) (map[string]float64, error) {
	held := map[string]float64{}
	for _, part := range append([]string{stack.Gateway}, stack.Services...) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process(part).PID()))
		if err != nil {
			return nil, err
		}
		if held[part], err = parseResident(text); err != nil {
			return nil, fmt.Errorf("%s: %w", part, err)
		}
	}
	return held, nil
}

// parseResident reads VmRSS, in MiB, from the text of /proc/<pid>/status, which has it in KiB (see proc(5)).
func parseResident(text []byte) (float64, error) {
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		value, found := strings.CutPrefix(lines.Text(), "VmRSS:")
		if !found {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
		return float64(kib) / 1024, err
	}
	return 0, errors.New("the status of the process has no VmRSS")
}

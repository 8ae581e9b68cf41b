package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Linux counts the processor time of a process in these units, whatever the kernel's own clock does (see proc(5) and time(7)).
const clockTick = time.Second / 100

// process is what /proc/<pid>/stat says of a process.
type process struct {
	pid, parent int
	// cpu is the processor time of the process and of its children that have ended.
	cpu time.Duration
}

// parseStat reads the text of /proc/<pid>/stat, whose fields are described in proc(5).
func parseStat(text []byte) (process, error) {
	// The name of the program is in brackets, and may hold blanks and brackets.
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return process{}, fmt.Errorf("not the stat of a process: %.40q", text)
	}
	fields := bytes.Fields(text[end+1:])
	if len(fields) < 15 {
		return process{}, fmt.Errorf("not the stat of a process: %.40q", text)
	}
	var p process
	var err error
	if p.pid, err = strconv.Atoi(string(bytes.TrimSpace(text[:open]))); err != nil {
		return process{}, err
	}
	if p.parent, err = strconv.Atoi(string(fields[1])); err != nil {
		return process{}, err
	}
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		ticks, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return process{}, err
		}
		p.cpu += time.Duration(ticks) * clockTick
	}
	return p, nil
}

// processes returns all processes of the machine.
func processes() ([]process, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the process has ended
		}
		p, err := parseStat(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, errors.New("/proc shows no process; the benchmark needs Linux")
	}
	return all, nil
}

// cpuOf returns the processor time of the process root and of all processes below it. A process that ends in between is counted
// still, because its parent inherits its time.
func cpuOf(all []process, root int) time.Duration {
	var total time.Duration
	for _, p := range all {
		switch root {
		case p.pid:
			total += p.cpu
		case p.parent:
			total += cpuOf(all, p.pid)
		}
	}
	return total
}

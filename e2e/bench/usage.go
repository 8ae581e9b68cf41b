package bench

import (
	"maps"
	"slices"
	"syscall"
	"time"
)

// The groups that processor time is added up by.
const (
	goServices = "go"
	postgres   = "postgres"
	ferretdb   = "ferretdb"
	consul     = "consul"
)

// servers are the processes that work for a scenario, by group. Their children belong to them.
type servers map[string][]int

// Usage is processor time in seconds, by group.
type Usage map[string]float64

// usage returns what the servers have used since they started.
func (s servers) usage() (Usage, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	u := Usage{}
	for group, pids := range s {
		var total time.Duration
		for _, pid := range pids {
			total += cpuOf(all, pid)
		}
		u[group] = total.Seconds()
	}
	return u, nil
}

// since returns what was used after an earlier reading.
func (u Usage) since(earlier Usage) Usage {
	spent := maps.Clone(u)
	for group := range spent {
		spent[group] -= earlier[group]
	}
	return spent
}

// total adds all groups up, always in the same order, so that the sum is always the same.
func (u Usage) total() float64 {
	var sum float64
	for _, group := range slices.Sorted(maps.Keys(u)) {
		sum += u[group]
	}
	return sum
}

// ownCPU returns the processor time of this program, without that of the processes it has started.
func ownCPU() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0 // Linux knows no reason for it
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

package devserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// sysProcAttr puts the process into a group of its own and ties its life to the parent's.
func sysProcAttr(config ProcessConfig) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Setpgid:    true,
		Pdeathsig:  config.DeathSignal,
		Credential: config.Credential,
	}
}

// worksIn tells whether process pid has dir as its working directory.
func worksIn(pid int, dir string) bool {
	work, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && work == dir
}

// children returns the processes that process pid has started. One that has ended has none.
func children(pid int) ([]int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, list := range lists {
		content, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(content)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", list, err)
			}
			pids = append(pids, child)
		}
	}
	return pids, nil
}

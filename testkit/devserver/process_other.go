//go:build !linux

package devserver

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// sysProcAttr puts the process into a group of its own. Only Linux can also tie its life to the parent's.
func sysProcAttr(config ProcessConfig) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: config.Credential}
}

// worksIn tells whether process pid has dir as its working directory.
func worksIn(pid int, dir string) bool {
	out, err := exec.Command("lsof", "-a", "-d", "cwd", "-Fn", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), "\nn"+dir+"\n")
}

// children returns the processes that process pid has started. One that has ended has none.
func children(pid int) ([]int, error) {
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 { // none
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the children of process %d: %w", pid, err)
	}
	var pids []int
	for _, field := range strings.Fields(string(out)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("list the children of process %d: %w", pid, err)
		}
		pids = append(pids, child)
	}
	return pids, nil
}

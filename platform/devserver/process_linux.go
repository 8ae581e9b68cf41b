package devserver

import (
	"fmt"
	"os"
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

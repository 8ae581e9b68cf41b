//go:build !linux

package devserver

import (
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

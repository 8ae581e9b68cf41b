package devserver

import (
	"errors"
	"os"
	"slices"
	"syscall"
)

// Kill ends the process and everything it has started with SIGKILL, as a crash of the machine would, and
// returns when it is gone. Killing a process that has ended already is no error.
func (p *Process) Kill() error {
	// What stands still starts no more processes, and tidies nothing up when the first of them dies.
	family, err := p.stop()
	if err != nil {
		return err
	}
	err = signalAll(family, syscall.SIGKILL)
	if killErr := p.Signal(syscall.SIGKILL); killErr != nil && !errors.Is(killErr, os.ErrProcessDone) {
		err = errors.Join(err, killErr)
	}
	if err == nil {
		<-p.done
	}
	return err
}

// Pause makes the process and everything it has started stand still, until Resume.
func (p *Process) Pause() error {
	_, err := p.stop()
	return err
}

// Resume lets what Pause stopped go on.
func (p *Process) Resume() error {
	family, err := descendants(p.PID())
	if err == nil {
		err = signalAll(family, syscall.SIGCONT)
	}
	if contErr := p.Signal(syscall.SIGCONT); contErr != nil && !errors.Is(contErr, os.ErrProcessDone) {
		err = errors.Join(err, contErr)
	}
	return err
}

// stop sends SIGSTOP to the process and everything it has started, and returns the latter.
func (p *Process) stop() ([]int, error) {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		if errors.Is(err, os.ErrProcessDone) {
			return nil, nil
		}
		return nil, err
	}
	var stopped []int
	for {
		family, err := descendants(p.PID())
		if err != nil {
			return nil, err
		}
		family = slices.DeleteFunc(family, func(pid int) bool { return slices.Contains(stopped, pid) })
		if len(family) == 0 {
			return stopped, nil
		}
		if err := signalAll(family, syscall.SIGSTOP); err != nil {
			return nil, err
		}
		stopped = append(stopped, family...)
	}
}

// signalAll signals processes; those that have ended do not mind.
func signalAll(pids []int, signal syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// descendants returns what the process has started, and what that has started.
func descendants(pid int) ([]int, error) {
	family, err := children(pid)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(family); i++ {
		next, err := children(family[i])
		if err != nil {
			return nil, err
		}
		family = append(family, next...)
	}
	return family, nil
}

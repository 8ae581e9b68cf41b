package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

const defaultStopTimeout = 10 * time.Second

// ProcessConfig says what to run and how to end it. Name and Path are required.
type ProcessConfig struct {
	Name string // what errors call it
	Path string // the program
	Args []string
	Env  []string // the whole environment; nil takes the parent's
	Dir  string   // working directory; empty takes the parent's

	// LogFile receives what the process prints, after what is in it already. If it is empty, Output
	// does; if that is nil too, the output is thrown away, except for the end of it, kept for errors.
	LogFile string
	Output  io.Writer

	StopSignal  syscall.Signal // what Stop sends first; SIGTERM if zero
	StopTimeout time.Duration  // how long Stop waits before it kills; 10 s if zero
	DeathSignal syscall.Signal // sent if the parent dies first, on Linux only; SIGKILL if zero

	Credential *syscall.Credential // the user to run as; nil for the parent's, others need root

	Started func(*Process) // told of the process before StartProcess returns; may be nil
}

// Process is a running program. It leads a process group of its own, so that an interrupt typed at the
// terminal reaches only the parent, which can then stop its processes in order. Its methods are safe
// for concurrent use.
type Process struct {
	config   ProcessConfig
	cmd      *exec.Cmd
	log      outputLog
	stopping atomic.Bool
	done     chan struct{}
	err      error // set before done is closed
}

// StartProcess starts a program and returns without waiting for it to be ready. The process lives on
// when ctx ends: stop it with Stop.
func StartProcess(ctx context.Context, config ProcessConfig) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start %s: %w", config.Name, err)
	}
	if config.StopSignal == 0 {
		config.StopSignal = syscall.SIGTERM
	}
	if config.StopTimeout == 0 {
		config.StopTimeout = defaultStopTimeout
	}
	if config.DeathSignal == 0 {
		config.DeathSignal = syscall.SIGKILL
	}
	p := &Process{config: config, done: make(chan struct{})}
	if err := p.prepare(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", config.Name, err)
	}
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", config.Name, err)
	}
	if config.Started != nil {
		config.Started(p)
	}
	return p, nil
}

// prepare builds the command and opens its log.
func (p *Process) prepare(ctx context.Context) error {
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), p.config.Path, p.config.Args...)
	p.cmd.Env = p.config.Env
	p.cmd.Dir = p.config.Dir
	p.cmd.SysProcAttr = sysProcAttr(p.config)
	// A grandchild that keeps the output open must not keep Wait from returning.
	p.cmd.WaitDelay = time.Second

	if p.config.LogFile == "" {
		tail := &tailWriter{next: p.config.Output}
		p.log, p.cmd.Stdout, p.cmd.Stderr = tail, tail, tail
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(p.config.LogFile), 0o755); err != nil {
		return fmt.Errorf("make the log's folder: %w", err)
	}
	file, err := openLogFile(p.config.LogFile)
	if err != nil {
		return err
	}
	p.log, p.cmd.Stdout, p.cmd.Stderr = file, file.file, file.file
	return nil
}

// run starts the process and waits for its end on one OS thread, which it keeps for that long: Linux
// sends the death signal when the thread that forked ends, not the program.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer p.log.close()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	err = p.cmd.Wait()
	if !p.stopping.Load() && !p.cmd.ProcessState.Success() {
		p.err = p.failure(err.Error())
	}
	close(p.done)
}

// Stop sends the stop signal and waits for the process to end. It kills the process group, and says so
// in its error, if that takes longer than the configured timeout or ctx lasts. Stopping a process that
// has ended already is no error.
func (p *Process) Stop(ctx context.Context) error {
	p.stopping.Store(true)
	if err := p.Signal(p.config.StopSignal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(p.config.StopTimeout)
	defer timer.Stop()
	var reason string
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		reason = fmt.Sprintf("still running %v after %v", p.config.StopTimeout, p.config.StopSignal)
	case <-ctx.Done():
		reason = fmt.Sprintf("still running after %v: %v", p.config.StopSignal, ctx.Err())
	}
	if err := syscall.Kill(-p.PID(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill %s: %w", p.config.Name, err)
	}
	<-p.done
	return p.failure(reason + "; killed")
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says why the process ended, with the last lines it printed. It is nil while the process runs,
// after Stop, and after an exit with status 0.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// PID is the process id, which is also the id of its process group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Env is the environment that the process was given, as NAME=value; nil if it is the parent's.
func (p *Process) Env() []string { return p.config.Env }

// Signal sends a signal to the process alone, not to its group. It fails with os.ErrProcessDone if the
// process has ended.
func (p *Process) Signal(signal os.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal %s: %w", p.config.Name, err)
	}
	return nil
}

// failure is an error of one line: the process, what happened to it, and the last lines it printed.
func (p *Process) failure(what string) error {
	last := p.log.lastLines()
	if last == "" {
		return fmt.Errorf("%s: %s; it printed nothing", p.config.Name, what)
	}
	return fmt.Errorf("%s: %s; it last printed: %s", p.config.Name, what, last)
}

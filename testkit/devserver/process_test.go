package devserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// parentVariable makes this test program a parent that starts a process, prints its id and waits.
const parentVariable = "DEVSERVER_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentVariable) == "" {
		os.Exit(m.Run())
	}
	child, err := StartProcess(context.Background(), ProcessConfig{
		Name: "sleep", Path: "/bin/sleep", Args: []string{"60"},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(child.PID())
	<-child.Done()
}

// shell starts a script with /bin/sh and kills it when the test ends.
func shell(t *testing.T, script string, change func(*ProcessConfig)) *Process {
	t.Helper()
	config := ProcessConfig{Name: "script", Path: "/bin/sh", Args: []string{"-c", script}}
	if change != nil {
		change(&config)
	}
	p, err := StartProcess(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // most have ended already
		<-p.Done()
	})
	return p
}

func TestProcessThatFailsReportsItsLastLines(t *testing.T) {
	t.Parallel()
	const script = "echo 1; echo 2; echo; echo 3; echo out; echo broken >&2; exit 3"
	const want = "script: exit status 3; it last printed: 2 | 3 | out | broken"
	t.Run("with a log file", func(t *testing.T) {
		logFile := filepath.Join(t.TempDir(), "logs", "script.log")
		for range 2 { // the second time, the log of the first is there already
			p := shell(t, script, func(c *ProcessConfig) { c.LogFile = logFile })
			<-p.Done()
			if err := p.Err(); err == nil || err.Error() != want {
				t.Errorf("Err() = %v, want %s", err, want)
			}
		}
		text, err := os.ReadFile(logFile)
		if err != nil || strings.Count(string(text), "broken\n") != 2 {
			t.Errorf("log = %q, %v; want the output of both runs", text, err)
		}
	})
	t.Run("with a writer", func(t *testing.T) {
		var output bytes.Buffer
		p := shell(t, script, func(c *ProcessConfig) { c.Output = &output })
		<-p.Done()
		if err := p.Err(); err == nil || err.Error() != want {
			t.Errorf("Err() = %v, want %s", err, want)
		}
		if got := output.String(); got != "1\n2\n\n3\nout\nbroken\n" {
			t.Errorf("output = %q", got)
		}
	})
}

func TestStartProcessReportsAMissingProgram(t *testing.T) {
	t.Parallel()
	_, err := StartProcess(t.Context(), ProcessConfig{Name: "orders", Path: "/does/not/exist"})
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "start orders: ") {
		t.Errorf("error = %v", err)
	}
}

func TestStopLetsAProcessEndByItself(t *testing.T) {
	t.Parallel()
	ready := make(chan struct{})
	var output bytes.Buffer
	p := shell(t, `trap "echo bye; exit 7" INT; echo; while :; do sleep 0.01; done`, func(c *ProcessConfig) {
		c.StopSignal = syscall.SIGINT
		c.Output = writerFunc(func(b []byte) (int, error) {
			if output.Len() == 0 {
				close(ready)
			}
			return output.Write(b)
		})
	})
	<-ready
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(output.String()); got != "bye" {
		t.Errorf("output = %q, want bye", got)
	}
	if err := p.Err(); err != nil {
		t.Errorf("Err() = %v after Stop, want nil", err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if err := p.Signal(syscall.SIGINT); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("Signal = %v, want %v", err, os.ErrProcessDone)
	}
}

func TestStopKillsAProcessThatStays(t *testing.T) {
	t.Parallel()
	const deaf = `trap "" TERM; while :; do sleep 0.01; done`
	t.Run("after its timeout", func(t *testing.T) {
		p := shell(t, deaf, func(c *ProcessConfig) { c.StopTimeout = 100 * time.Millisecond })
		awaitDeaf(t, p)
		err := p.Stop(t.Context())
		if err == nil || !strings.Contains(err.Error(), "still running 100ms after terminated; killed") {
			t.Errorf("Stop = %v", err)
		}
		<-p.Done()
	})
	t.Run("when the context ends", func(t *testing.T) {
		p := shell(t, deaf, nil)
		awaitDeaf(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Stop(ctx); err == nil || !strings.Contains(err.Error(), "context canceled; killed") {
			t.Errorf("Stop = %v", err)
		}
		<-p.Done()
	})
}

// awaitDeaf waits until the process ignores SIGTERM.
func awaitDeaf(t *testing.T, p *Process) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	await(t, func() bool {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		_, ignored, _ := strings.Cut(string(status), "SigIgn:\t")
		mask, err := strconv.ParseUint(ignored[:16], 16, 64)
		return err == nil && mask&(1<<(syscall.SIGTERM-1)) != 0
	})
}

func TestProcessDiesWithItsParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a parent-death signal")
	}
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), parentVariable+"=1")
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed, as it should be
	await(t, func() bool { return !running(child) })
}

// running tells whether a process exists and is not a zombie that nobody has waited for.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// await polls until the condition holds, for at most 10 s.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatal("the condition did not come about in 10 s")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

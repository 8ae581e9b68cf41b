package devserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Promtool returns the path of Prometheus' tool, which checks and tests rules: $SOUK_PROMTOOL, or what tools/build makes.
func Promtool(ctx context.Context) (string, error) {
	return findTool(ctx, "SOUK_PROMTOOL", "promtool", nil)
}

// findTool returns the path of a server of the project's tools: the value of the environment variable
// if it is set, and otherwise the binary that tools/build makes or finds, which takes minutes the first time.
func findTool(ctx context.Context, variable, name string, progress func(string)) (string, error) {
	if path := os.Getenv(variable); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", fmt.Errorf("%s: %w", variable, err)
		}
		return path, nil
	}
	root, err := RepoRoot()
	if err != nil {
		return "", fmt.Errorf("%w; set %s to a %s program instead", err, variable, name)
	}
	bin := os.Getenv("SOUK_TOOLS_BIN")
	if bin == "" {
		bin = filepath.Join(root, ".souk", "bin")
	}
	build := exec.CommandContext(ctx, filepath.Join(root, "tools", "build"), name)
	build.Env = append(os.Environ(), "SOUK_TOOLS_BIN="+bin)
	if err := runReporting(build, progress); err != nil {
		return "", fmt.Errorf("tools/build %s: %w", name, err)
	}
	return filepath.Join(bin, name), nil
}

// runReporting runs a command and passes each line that it prints to stderr on to progress. The error has the last lines.
func runReporting(command *exec.Cmd, progress func(string)) error {
	output, input := io.Pipe()
	var log tailWriter
	command.Stderr = io.MultiWriter(&log, input)
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			report(progress, lines.Text())
		}
		_, _ = io.Copy(io.Discard, output) // what follows a line too long to be one
	}()
	err := command.Run()
	_ = input.Close()
	<-read
	if err != nil {
		return fmt.Errorf("%w: %s", err, log.lastLines())
	}
	return nil
}

// RepoRoot is the absolute path of the repository: the folder with go.work, at or above the working
// directory. It fails if there is none.
func RepoRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("find the repository: no go.work above the working directory")
		}
		dir = parent
	}
}

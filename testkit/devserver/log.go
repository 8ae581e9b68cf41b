package devserver

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

const (
	tailBytes = 4096
	tailLines = 4
)

// outputLog is where the output of a process goes, seen from the parent.
type outputLog interface {
	// lastLines is the end of what this process printed, on one line.
	lastLines() string
	close()
}

// fileLog is a file that the process itself writes to.
type fileLog struct {
	file  *os.File
	start int64 // where this process's output begins
}

func openLogFile(path string) (*fileLog, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return &fileLog{file: file, start: info.Size()}, nil
}

func (l *fileLog) lastLines() string {
	file, err := os.Open(l.file.Name())
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	start := max(l.start, info.Size()-tailBytes)
	text, err := io.ReadAll(io.NewSectionReader(file, start, tailBytes))
	if err != nil {
		return ""
	}
	return joinLastLines(string(text))
}

func (l *fileLog) close() { _ = l.file.Close() }

// tailWriter passes output on to next, if there is one, and keeps the end of it.
type tailWriter struct {
	next io.Writer

	mu   sync.Mutex
	tail []byte
}

func (w *tailWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.tail = append(w.tail, b...)
	if extra := len(w.tail) - tailBytes; extra > 0 {
		w.tail = append(w.tail[:0], w.tail[extra:]...)
	}
	w.mu.Unlock()
	if w.next == nil {
		return len(b), nil
	}
	return w.next.Write(b)
}

func (w *tailWriter) lastLines() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return joinLastLines(string(w.tail))
}

func (w *tailWriter) close() {}

// joinLastLines puts the last few lines of text that are not blank on one line.
func joinLastLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-tailLines):], " | ")
}

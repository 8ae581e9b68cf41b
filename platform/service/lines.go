package service

import (
	"io"
	"sync"
	"time"
)

const (
	// Lines are written once there are this many bytes of them, or after this time.
	lineBytes = 32 << 10
	lineTime  = 100 * time.Millisecond
)

// lines writes lines a little later, many at once, because a system call for each costs more than making the line. A process that is
// killed loses the last ones, so they must not be the only trace of anything.
type lines struct {
	out io.Writer

	mu      sync.Mutex
	waiting []byte
	flush   *time.Timer
}

// Write implements io.Writer. The error is that of out if the lines are written now.
func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.flush = time.AfterFunc(lineTime, l.Flush)
	}
	l.waiting = append(l.waiting, line...)
	if len(l.waiting) < lineBytes {
		return len(line), nil
	}
	return len(line), l.write()
}

// Flush writes the lines that wait.
func (l *lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.write() // there is nowhere else to write to
}

func (l *lines) write() error {
	if len(l.waiting) == 0 {
		return nil
	}
	l.flush.Stop()
	_, err := l.out.Write(l.waiting)
	l.waiting = l.waiting[:0]
	return err
}

package service

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLinesAreWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := &lines{out: &out}
		write := func(line string) {
			if n, err := l.Write([]byte(line)); n != len(line) || err != nil {
				t.Fatal(n, err)
			}
		}
		// The timer writes in a goroutine of its own.
		written := func() string {
			l.mu.Lock()
			defer l.mu.Unlock()
			return out.String()
		}
		write("a\n")
		write("b\n")
		if got := written(); got != "" {
			t.Errorf("%q is written at once", got)
		}
		time.Sleep(2 * lineTime)
		synctest.Wait()
		if got := written(); got != "a\nb\n" {
			t.Errorf("%q is written in time, want both lines", got)
		}
		long := strings.Repeat("c", lineBytes/2) + "\n"
		write(long)
		write(long)
		if got := written(); got != "a\nb\n"+long+long {
			t.Errorf("%d bytes are written, want all that there are", len(got))
		}
		write("d\n")
		l.Flush()
		l.Flush()
		if !strings.HasSuffix(written(), "\nd\n") {
			t.Error("Flush has not written the last line")
		}
	})
}

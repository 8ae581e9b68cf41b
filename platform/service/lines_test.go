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
		write("a\n")
		write("b\n")
		if out.Len() > 0 {
			t.Errorf("%q is written at once", &out)
		}
		time.Sleep(2 * lineTime)
		synctest.Wait()
		if out.String() != "a\nb\n" {
			t.Errorf("%q is written in time, want both lines", &out)
		}
		out.Reset()
		long := strings.Repeat("c", lineBytes/2) + "\n"
		write(long)
		write(long)
		if out.String() != long+long {
			t.Errorf("%d bytes are written, want all that there are", out.Len())
		}
		write("d\n")
		l.Flush()
		l.Flush()
		if !strings.HasSuffix(out.String(), "\nd\n") {
			t.Error("Flush has not written the last line")
		}
	})
}

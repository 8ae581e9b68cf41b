package bench

import (
	"os"
	"strings"
	"testing"
)

func TestResidentMemoryIsReadInMiB(t *testing.T) {
	t.Parallel()
	status := "Name:\tcatalog\nVmPeak:\t  999999 kB\nVmHWM:\t   70000 kB\nVmRSS:\t   51200 kB\nRssAnon:\t   40000 kB\n"
	if mib, err := parseResident([]byte(status)); mib != 50 || err != nil {
		t.Errorf("%v MiB, %v; want 50", mib, err)
	}
	for _, text := range []string{"", "Name:\tkthreadd\n", "VmRSS:\tmuch\n"} {
		if mib, err := parseResident([]byte(text)); err == nil {
			t.Errorf("%q is %v MiB", text, mib)
		}
	}
}

func TestResidentMemoryOfThisProcess(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this is no Linux")
	}
	if mib, err := parseResident(text); mib < 1 || err != nil {
		t.Errorf("%v MiB, %v", mib, err)
	}
}

func TestMemoryIsHeldAgainstItsBars(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		idle, after float64
		want        []string
		short       bool
	}{
		{100, 175, []string{"idle 200 MiB, bar 200, pass", "350 MiB, bar 350, pass"}, false},
		{101, 175, []string{"idle 202 MiB, bar 200, short", "350 MiB, bar 350, pass"}, true},
		{100, 176, []string{"idle 200 MiB, bar 200, pass", "352 MiB, bar 350, short"}, true},
	} {
		m := newMemory(map[string]float64{"gateway": c.idle, "orders": c.idle}, map[string]float64{"gateway": c.after, "orders": c.after})
		if m.Short != c.short {
			t.Errorf("%v is short: %v", c, m.Short)
		}
		for _, want := range c.want {
			if !strings.Contains(m.text(), want) {
				t.Errorf("%q has no %q", m.text(), want)
			}
		}
	}
}

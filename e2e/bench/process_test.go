package bench

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestStatIsReadWhateverTheProgramIsCalled(t *testing.T) {
	t.Parallel()
	const text = `41 (a (b) c) S 7 41 41 0 -1 4194560 900 20 3 4 150 50 30 20 20 0 5 0 9000 1800000 2500 18446744073709551615`
	got, err := parseStat([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := (process{pid: 41, parent: 7, cpu: 2500 * time.Millisecond}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, broken := range []string{"", "41", "41 (a) S 7", "x (a) S 7 41 41 0 -1 0 0 0 0 0 150 50 30 20 20"} {
		if p, err := parseStat([]byte(broken)); err == nil {
			t.Errorf("%q is read as %+v", broken, p)
		}
	}
}

func TestCPUOfATreeHasItsGrandchildren(t *testing.T) {
	t.Parallel()
	all := []process{{1, 0, 1}, {2, 1, 10}, {3, 2, 100}, {4, 1, 1000}, {5, 0, 10_000}}
	for root, want := range map[int]time.Duration{1: 1111, 2: 110, 5: 10_000, 6: 0} {
		if got := cpuOf(all, root); got != want {
			t.Errorf("the tree of %d has used %d, want %d", root, got, want)
		}
	}
}

// A child that works for a while, and ends, is in the time of this process.
func TestCPUOfAChildIsCounted(t *testing.T) {
	t.Parallel()
	before := readCPU(t)
	if err := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	if spent := readCPU(t) - before; spent < 50*time.Millisecond {
		t.Errorf("the child has used %v", spent)
	}
}

func readCPU(t *testing.T) time.Duration {
	t.Helper()
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	return cpuOf(all, os.Getpid())
}

package overload

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"souk/deploy/local/stack"
	"souk/e2e/testshop"
)

// The processors of the services with their servers, and of the gateway with the visitors, as if each were a machine of its own:
// what the visitors and refusals take must not come out of what is measured.
const services, clients = "0", "1"

// apart starts a shop on processors of its own. Without two of them, or taskset, all share what there is.
func apart(t *testing.T) *testshop.Shop {
	t.Helper()
	all := runtime.NumCPU()
	if all < 2 {
		return open(t, stack.Config{})
	}
	pin := func(pid int, processors string) {
		if err := exec.Command("taskset", "-acp", processors, strconv.Itoa(pid)).Run(); err != nil {
			t.Logf("processors are shared: %v", err)
		}
	}
	// And with it all processes that it starts, and those that they start. As many places as gateway/README.md says.
	pin(os.Getpid(), services)
	s := open(t, stack.Config{Env: []string{"SOUK_GATEWAY_CONCURRENCY=16"}})
	pin(os.Getpid(), clients)
	pin(s.Process(stack.Gateway).PID(), clients)
	before, percent := runtime.GOMAXPROCS(1), debug.SetGCPercent(400) // what the visitors take is taken from the gateway
	t.Cleanup(func() {
		pin(os.Getpid(), fmt.Sprintf("0-%d", all-1))
		runtime.GOMAXPROCS(before)
		debug.SetGCPercent(percent)
	})
	return s
}

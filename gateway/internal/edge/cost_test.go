package edge

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The limits for the cost of a single request. The processor time and the allocated memory may be as high as the constants, or
// four times what encoding/json needs for the same body, whichever is more. The answer to a bad request has a maximum length.
const (
	mostCPU    = 50 * time.Millisecond
	mostMemory = 16 << 20
	timesJSON  = 4
	mostAnswer = 20_000
)

func jsonOf(v any) (string, error) {
	content, err := json.Marshal(v)
	return string(content), err
}

// used is the processor time and memory that something took.
type used struct {
	cpu    time.Duration
	memory int64
}

// using measures what the process uses while do runs, so nothing else may run at the same time.
func using(do func()) used {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := processorTime()
	do()
	cpu := processorTime() - start
	runtime.ReadMemStats(&after)
	return used{cpu: cpu, memory: int64(after.TotalAlloc - before.TotalAlloc)}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// hostile is a server with its clients, which are measured together.
type hostile struct {
	*edgeServer
	callers map[string]string
	worst   used
	sent    int
}

// The requests are derived from openapi.yaml: every operation, with each kind of caller and each place of its body. The test
// measures the whole process including the client, so it does not run in parallel.
func TestHostileRequestsCostLittle(t *testing.T) {
	if raced() {
		t.Skip("the race detector makes everything dearer")
	}
	h := &hostile{edgeServer: serveEdge(t)}
	h.callers = map[string]string{"anonymous": "", "customer": h.keys.token(t, time.Hour), "staff": h.staff}
	operations := slices.SortedFunc(slices.Values(contract(t)), func(a, b contractOperation) int { return cmp.Compare(a.id, b.id) })
	for _, op := range operations {
		t.Run(op.id, func(t *testing.T) {
			for _, caller := range slices.Sorted(maps.Keys(h.callers)) {
				h.attack(t, op, caller)
			}
		})
	}
	t.Logf("%d requests to %d operations: at most %v of a processor, and %d kB", h.sent, len(operations), h.worst.cpu, h.worst.memory>>10)
	if h.sent < 20*len(operations) {
		t.Errorf("only %d requests", h.sent)
	}
}

func (h *hostile) attack(t *testing.T, op contractOperation, caller string) {
	t.Helper()
	send := func(name string, change func(*request)) {
		t.Helper()
		r := op.request(t, h.edgeServer)
		r.header["Authorization"] = "Bearer " + h.callers[caller]
		if caller == "anonymous" {
			delete(r.header, "Authorization")
		}
		body := ""
		if r.body != nil {
			content, _ := io.ReadAll(r.body)
			body = string(content)
		}
		r.body = strings.NewReader(body)
		change(&r)
		h.measure(t, caller+", "+name, r)
	}
	bodies := op.hostileBodies(t)
	if !h.isFirstToReach(op, caller) { // then a few requests are enough
		maps.DeleteFunc(bodies, func(name, _ string) bool {
			return !slices.Contains([]string{" is many numbers", " is many keys", " is deep arrays", " is a long string"}, name)
		})
	}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		send(name, func(r *request) { r.body = strings.NewReader(bodies[name]) })
	}
	for name, header := range hostileHeaders() {
		send("header: "+name, func(r *request) { maps.Copy(r.header, header) })
	}
	for name, query := range op.hostileQueries() {
		send("query: "+name, func(r *request) { r.path += "?" + query })
	}
	send("a long path", func(r *request) { r.path += "/" + strings.Repeat("%41", 20_000) })
}

// isFirstToReach reports whether caller is the one with the fewest rights whose body the operation reads.
func (h *hostile) isFirstToReach(op contractOperation, caller string) bool {
	first := map[audience]string{anyone: "anonymous", maybe: "anonymous", customer: "customer", scoped: "staff"}
	who, _, err := audienceOf(op.Operation)
	return err == nil && first[who] == caller
}

// measure sends a request, and repeats it while it costs too much, because other processes disturb the measurement.
func (h *hostile) measure(t *testing.T, name string, r request) {
	t.Helper()
	content, err := io.ReadAll(r.body)
	if err != nil {
		t.Fatal(err)
	}
	h.sent++
	var took, decoding used
	for range 5 {
		r.body = strings.NewReader(string(content))
		var check func()
		took = using(func() { check = h.mustBeShort(t, name, r) })
		check()
		if took.cpu <= mostCPU && took.memory <= mostMemory {
			break
		}
		decoding = using(func() {
			var v any
			_ = json.Unmarshal(content, &v)
		})
		if took.cpu <= max(mostCPU, timesJSON*decoding.cpu) && took.memory <= max(mostMemory, timesJSON*decoding.memory) {
			break
		}
	}
	if took.cpu > max(mostCPU, timesJSON*decoding.cpu) || took.memory > max(mostMemory, timesJSON*decoding.memory) {
		t.Errorf("%s: %d bytes cost %v and %d kB; encoding/json needs %v and %d kB", name, len(content), took.cpu, took.memory>>10, decoding.cpu, decoding.memory>>10)
	}
	h.worst = used{cpu: max(h.worst.cpu, took.cpu), memory: max(h.worst.memory, took.memory)}
}

// mustBeShort sends a request. It returns a function that checks the answer against the contract, so that the check is not
// measured.
func (h *hostile) mustBeShort(t *testing.T, name string, r request) (check func()) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, h.url+r.path, r.body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return func() {}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusBadRequest && len(answer) > mostAnswer || resp.StatusCode >= http.StatusInternalServerError {
		t.Errorf("%s: answered %d with %d bytes: %v", name, resp.StatusCode, len(answer), err)
	}
	return func() { mustBeDocumented(t, req, resp.StatusCode, resp.Header, answer) }
}

// raced reports whether the test was built with the race detector.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

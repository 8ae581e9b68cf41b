package bench

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// work is one request of a worker; the workers are numbered from 0. A request may consist of several HTTP requests.
type work func(ctx context.Context, worker int) error

// Run is what was measured of a scenario once.
type Run struct {
	Requests int `json:"requests"` // those that succeeded
	Errors   int `json:"errors"`
	// Seconds is for how long it was measured.
	Seconds float64       `json:"seconds"`
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
	CPU     Usage         `json:"cpu_seconds"`
	// Driver is the processor time of this program, in seconds, which is not in CPU.
	Driver float64 `json:"driver_cpu_seconds"`
	// Error is one of the errors.
	Error string `json:"error,omitempty"`
}

// rate returns successful requests a second.
func (r Run) rate() float64 { return float64(r.Requests) / r.Seconds }

// perCPU returns successful requests for each second of processor time.
func (r Run) perCPU() float64 {
	if cpu := r.CPU.total(); cpu > 0 {
		return float64(r.Requests) / cpu
	}
	return 0
}

// perCPUOfAll is perCPU with the processor time of the driver.
func (r Run) perCPUOfAll() float64 { return float64(r.Requests) / (r.CPU.total() + r.Driver) }

// window is when requests are counted: those that end between its two readings of the processor time.
type window struct {
	warmUp, length time.Duration
}

// recorder collects what the workers have done while the window is open.
type recorder struct {
	open      atomic.Bool
	mu        sync.Mutex
	latencies []time.Duration
	errors    int
	lastError error
}

func (r *recorder) record(took time.Duration, err error) {
	if !r.open.Load() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.errors++
		r.lastError = err
		return
	}
	r.latencies = append(r.latencies, took)
}

// measure waits for the warm-up to pass, and then reads what the servers use while the window is open.
func (w window) measure(ctx context.Context, s servers, r *recorder) (Run, error) {
	if err := sleep(ctx, w.warmUp); err != nil {
		return Run{}, err
	}
	before, err := s.usage()
	if err != nil {
		return Run{}, err
	}
	start, driver := time.Now(), ownCPU()
	r.open.Store(true)
	if err := sleep(ctx, w.length); err != nil {
		return Run{}, err
	}
	r.open.Store(false)
	took := time.Since(start)
	driver = ownCPU() - driver
	after, err := s.usage()
	if err != nil {
		return Run{}, err
	}
	run := r.run(took, after.since(before))
	run.Driver = driver.Seconds()
	return run, nil
}

func (r *recorder) run(took time.Duration, cpu Usage) Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.latencies)
	run := Run{
		Requests: len(r.latencies), Errors: r.errors, Seconds: took.Seconds(), CPU: cpu,
		P50: percentile(r.latencies, 0.5), P99: percentile(r.latencies, 0.99),
	}
	if r.lastError != nil {
		run.Error = r.lastError.Error()
	}
	return run
}

// closedLoop has each worker make one request after the other.
func closedLoop(ctx context.Context, workers int, w window, s servers, do work) (Run, error) {
	var r recorder
	var done atomic.Bool
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for !done.Load() && ctx.Err() == nil {
				start := time.Now()
				err := do(ctx, worker)
				r.record(time.Since(start), err)
			}
		})
	}
	run, err := w.measure(ctx, s, &r)
	done.Store(true)
	group.Wait()
	return run, err
}

// openLoop begins requests at a fixed rate, a second, however long they take. A request that finds all workers busy waits for
// one, and its latency has that wait: it counts from the moment that the request was due.
func openLoop(ctx context.Context, workers int, rate float64, w window, s servers, do work) (Run, error) {
	var r recorder
	due := make(chan time.Time, int(rate*(w.warmUp+w.length).Seconds())+1)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for start := range due {
				err := do(ctx, worker)
				r.record(time.Since(start), err)
			}
		})
	}
	var stop atomic.Bool
	group.Go(func() {
		defer close(due)
		issue(ctx, due, rate, &stop)
	})
	run, err := w.measure(ctx, s, &r)
	stop.Store(true)
	group.Wait()
	return run, err
}

// issue sends the moments that requests are due at, at a fixed rate. It stops when it is told to, or the channel is full.
func issue(ctx context.Context, due chan<- time.Time, rate float64, stop *atomic.Bool) {
	interval := time.Duration(float64(time.Second) / rate)
	for next := time.Now(); !stop.Load(); next = next.Add(interval) {
		if sleep(ctx, time.Until(next)) != nil {
			return
		}
		select {
		case due <- next:
		default:
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

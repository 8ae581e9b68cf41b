package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/consul"
	"souk/platform/service"
)

func TestAFailingOrHangingCheckMakesTheProcessNotServing(t *testing.T) {
	t.Parallel()
	const name = "checked"
	var mode atomic.Value
	mode.Store("well")
	s := newService(t, name)
	s.Require("first", func(context.Context) error { return nil })
	s.Require("database", func(ctx context.Context) error {
		switch mode.Load() {
		case "fails":
			return errors.New("away")
		case "hangs":
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	start(t, s)
	conn := dial(t, name, grpc.WithDisableHealthCheck()) // gRPC's client-side health check would prevent the call
	is := func(want healthv1.HealthCheckResponse_ServingStatus) func() bool {
		return func() bool {
			answer, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
			return err == nil && answer.GetStatus() == want
		}
	}
	eventually(t, 10*time.Second, "it serves", is(healthv1.HealthCheckResponse_SERVING))
	for _, wrong := range []string{"fails", "hangs"} {
		mode.Store(wrong)
		eventually(t, 10*time.Second, wrong+" is NOT_SERVING", is(healthv1.HealthCheckResponse_NOT_SERVING))
		mode.Store("well")
		eventually(t, 10*time.Second, "it serves again", is(healthv1.HealthCheckResponse_SERVING))
	}
}

func TestCallsUnderWayEndBeforeTheProcessDoes(t *testing.T) {
	t.Parallel()
	const name = "draining"
	began, finish := make(chan struct{}), make(chan struct{})
	s := newService(t, name)
	accessv1.RegisterKeysServiceServer(s.Server(), keys{list: func(context.Context) error {
		close(began)
		<-finish
		return nil
	}})
	var closed []string
	s.OnStop(func() { closed = append(closed, "pool") })
	s.OnStop(func() { closed = append(closed, "client") })
	r := launch(t, s)
	client := accessv1.NewKeysServiceClient(dial(t, name))
	answered := make(chan error, 1)
	go func() {
		_, err := client.ListKeys(context.Background(), &accessv1.ListKeysRequest{})
		answered <- err
	}()
	<-began
	r.stop()
	eventually(t, 10*time.Second, "it leaves Consul", func() bool { _, all := instances(t, name); return all == 0 })
	close(finish)
	if err := <-answered; err != nil {
		t.Errorf("the call under way: %v", err)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("run: %v", err)
	}
	if !slices.Equal(closed, []string{"client", "pool"}) {
		t.Errorf("closed %v, want the last one first", closed)
	}
}

func TestACallThatOutlastsTheDrainTimeIsCanceled(t *testing.T) {
	t.Parallel()
	const name = "stuck"
	began := make(chan struct{})
	s := newService(t, name)
	accessv1.RegisterKeysServiceServer(s.Server(), keys{list: func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}})
	r := launch(t, s)
	client := accessv1.NewKeysServiceClient(dial(t, name))
	answered := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := client.ListKeys(ctx, &accessv1.ListKeysRequest{})
		answered <- err
	}()
	<-began
	r.stop()
	if err := r.wait(t); err != nil {
		t.Errorf("run: %v", err)
	}
	if err := <-answered; status.Code(err) != codes.Unavailable {
		t.Errorf("the call: %v, want %v", err, codes.Unavailable)
	}
}

func TestAProcessStoppedWhileStartingEndsWithoutError(t *testing.T) {
	t.Parallel()
	for range 20 {
		r := launch(t, newService(t, "brief"))
		r.stop()
		if err := r.wait(t); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	}
	eventually(t, 10*time.Second, "nothing is left in Consul", func() bool { _, all := instances(t, "brief"); return all == 0 })
}

func TestAnErrorOfBackgroundWorkStopsTheProcess(t *testing.T) {
	t.Parallel()
	failed := errors.New("queue is gone")
	s := newService(t, "worker")
	var other atomic.Bool
	s.Background("other work", func(ctx context.Context) error {
		<-ctx.Done()
		other.Store(true)
		return ctx.Err()
	})
	s.Background("relay", func(context.Context) error { return failed })
	if err := launch(t, s).wait(t); !errors.Is(err, failed) || !strings.Contains(err.Error(), "relay") || !other.Load() {
		t.Errorf("run: %v, the other work ended: %v", err, other.Load())
	}
}

func TestEveryContinuesAfterAnError(t *testing.T) {
	t.Parallel()
	s := newService(t, "repeating")
	runs := make(chan struct{})
	s.Every(time.Millisecond, "sweep", func(context.Context) error {
		select {
		case runs <- struct{}{}:
		case <-time.After(time.Second):
		}
		return errors.New("away")
	})
	r := launch(t, s)
	for range 5 {
		select {
		case <-runs:
		case err := <-r.end:
			t.Fatalf("run: %v", err)
		case <-time.After(10 * time.Second):
			t.Fatal("it stopped")
		}
	}
	r.stop()
	if err := r.wait(t); err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestAnOccupiedPortIsAnError(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	s, err := service.New("latecomer", service.Config{Consul: agentConfig(), LogLevel: 12}, service.Listen{Addr: taken.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	s.OnStop(func() { closed = true })
	if err := launch(t, s).wait(t); err == nil || !strings.Contains(err.Error(), "listen") || !closed {
		t.Errorf("run: %v, its resources were closed: %v", err, closed)
	}
}

func TestRunFailsForAnRPCWithoutARule(t *testing.T) {
	t.Parallel()
	s := newService(t, "ruleless")
	s.Server().RegisterService(&grpc.ServiceDesc{
		ServiceName: "souk.nothing.v1.NothingService", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Nothing"}},
	}, s)
	if err := launch(t, s).wait(t); err == nil || !strings.Contains(err.Error(), "NothingService") {
		t.Errorf("run: %v", err)
	}
}

func TestAProcessServesWithoutConsul(t *testing.T) {
	t.Parallel()
	port, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := port.Addr().String()
	_ = port.Close()
	s, err := service.New("alone", service.Config{Consul: consul.Config{Addr: "127.0.0.1:1", GRPCAddr: "127.0.0.1:1"}, LogLevel: 12}, service.Listen{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	s.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("here")) }))
	r := launch(t, s)
	eventually(t, 10*time.Second, "it answers", func() bool { return get("http://"+addr) == "here" })
	r.stop()
	if err := r.wait(t); err != nil {
		t.Errorf("run: %v", err)
	}
}

func get(address string) string {
	resp, err := http.Get(address)
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

func TestAnHTTPProcessIsCheckedAndDrained(t *testing.T) {
	t.Parallel()
	const name = "pages"
	began, finish := make(chan struct{}), make(chan struct{})
	s := newService(t, name)
	s.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(began)
			<-finish
		}
		_, _ = w.Write([]byte("done"))
	}))
	r := launch(t, s)
	addr := address(t, name)
	answered := make(chan string, 1)
	go func() { answered <- get("http://" + addr + "/slow") }()
	<-began
	r.stop()
	eventually(t, 10*time.Second, "it leaves Consul", func() bool { _, all := instances(t, name); return all == 0 })
	close(finish)
	if got := <-answered; got != "done" {
		t.Errorf("the request under way was answered %q", got)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("run: %v", err)
	}
}

// The load balancer is informed first, and has time to send its requests elsewhere while the process still serves.
func TestAStoppingProcessServesForItsLameDuckTime(t *testing.T) {
	t.Parallel()
	const lameDuck = time.Second
	s := newService(t, "duck")
	if err := s.ConfigureHTTP(service.HTTPConfig{LameDuck: lameDuck}); err != nil {
		t.Fatal(err)
	}
	s.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, s.Stopping()) }))
	r := launch(t, s)
	url := "http://" + address(t, "duck")
	if got := get(url); got != "false" {
		t.Fatalf("before: stopping %q", got)
	}
	told := time.Now()
	r.stop()
	eventually(t, lameDuck, "it says that it is stopping", func() bool { return get(url) == "true" })
	for time.Since(told) < lameDuck*9/10 {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatalf("after %v: %v", time.Since(told), err)
		}
		_ = resp.Body.Close()
		if !resp.Close {
			t.Fatal("its connections are not closed")
		}
	}
	if err := r.wait(t); err != nil || time.Since(told) < lameDuck {
		t.Errorf("it ended after %v: %v", time.Since(told), err)
	}
}

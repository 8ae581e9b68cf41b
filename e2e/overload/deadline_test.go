package overload

import (
	"fmt"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/faultproxy"
	"souk/e2e/testshop"
	"souk/platform/consul"
	"souk/platform/secret"
	"souk/testkit/devserver"
	"souk/testkit/scrape"
)

// hurried is how shoppers are who buy a lot.
var hurried = mix{lists: 250, searches: 150, looks: 200, categories: 100, puts: 150, orders: 150}

// mostPast is the part of all handlers' time that may be spent when nobody waits for the answer any more.
const mostPast = 0.01

func TestLittleIsWorkedOnForNobody(t *testing.T) {
	port, err := devserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := faultproxy.NewTCP(fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	s := open(t, stack.Config{PostgresPort: port, PostgresAddr: proxy.Addr()})
	v := newVisitors(t, s.URL())
	v.mix, v.patience = hurried, 200*time.Millisecond
	lasting := 4 * time.Second
	if full() {
		lasting = 30 * time.Second
	}
	before := servedBy(t, s)
	for _, test := range []struct {
		name   string
		rate   float64
		happen func() error
	}{
		{"with little to do", 40, func() error { return nil }},
		{"with too much to do", 600, func() error { return nil }},
		{"its database slow", 40, func() error { return proxy.Delay(60 * time.Millisecond) }},
		{"its database silent", 40, proxy.Slow},
	} {
		start := servedBy(t, s)
		if err := test.happen(); err != nil {
			t.Fatal(err)
		}
		l := v.visits(test.rate, lasting)
		if err := proxy.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if test.rate > 100 && full() && 5*l.count(good) < len(l.answers) {
			t.Errorf("%s only %d of %d are answered", test.name, l.count(good), len(l.answers))
		}
		spent := settled(t, s).less(start)
		t.Logf("measured: %s, %.0f visits/s that wait 200 ms (%d of %d answered): %v", test.name, test.rate, l.count(good), len(l.answers), spent)
	}
	spent := settled(t, s).less(before)
	t.Logf("measured: in all %v", spent)
	if part := spent.past(); part >= mostPast {
		t.Errorf("%.2f %% of handler time is spent with nobody waiting, want under 1 %%", 100*part)
	}
}

// work is what the handlers of all services did.
type work struct {
	Calls    int64
	Handlers time.Duration
	Past     time.Duration
	Refused  int64
}

func (w work) plus(o work) work {
	return work{w.Calls + o.Calls, w.Handlers + o.Handlers, w.Past + o.Past, w.Refused + o.Refused}
}

func (w work) less(o work) work {
	return work{w.Calls - o.Calls, w.Handlers - o.Handlers, w.Past - o.Past, w.Refused - o.Refused}
}

// past is the part of the time that nobody waited for.
func (w work) past() float64 { return float64(w.Past) / float64(max(1, w.Handlers)) }

func (w work) String() string {
	return fmt.Sprintf("%d calls took %v, %v of it (%.2f %%) with nobody waiting; %d refused",
		w.Calls, w.Handlers.Round(time.Millisecond), w.Past.Round(time.Millisecond), 100*w.past(), w.Refused)
}

// servedBy asks all services what they did so far.
func servedBy(t *testing.T, s *testshop.Shop) work {
	t.Helper()
	client, err := consul.NewClient(s.ConsulAddr(), secret.Text(s.ConsulManagementToken()))
	if err != nil {
		t.Fatal(err)
	}
	var all work
	for _, name := range stack.Services {
		instances, _, err := client.Catalog().Service(name, "", nil)
		if err != nil || len(instances) != 1 {
			t.Fatalf("%s: %d instances, %v", name, len(instances), err)
		}
		metrics, err := scrape.Read(t.Context(), instances[0].ServiceMeta["admin"])
		if err != nil {
			t.Fatal(err)
		}
		all = all.plus(work{
			Calls: int64(metrics.Sum("souk_rpc_server_handled_total")), Refused: int64(metrics.Sum("souk_admission_refused_total")),
			Handlers: seconds(metrics.Sum("souk_rpc_server_handler_seconds_total")), Past: seconds(metrics.Sum("souk_rpc_server_past_deadline_seconds_total")),
		})
	}
	return all
}

// settled returns what the services did once they do no more.
func settled(t *testing.T, s *testshop.Shop) (now work) {
	t.Helper()
	last := work{Calls: -1}
	eventually(t, 30*time.Second, "the services have nothing to do", func() bool {
		now = servedBy(t, s)
		still := now.Calls == last.Calls
		last = now
		return still
	})
	return now
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

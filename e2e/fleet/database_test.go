package fleet

import (
	"testing"
	"time"

	"souk/deploy/local/stack"
)

const (
	// Services answer again this long after their database does.
	resumeWithin = 5 * time.Second
	// A database that is restarted is away for this long besides.
	databaseAway = time.Second
)

// TestServicesOutliveTheirDatabase restarts each database under load. Nothing else is started again.
func TestServicesOutliveTheirDatabase(t *testing.T) {
	for _, database := range []string{stack.Postgres, stack.Mongo} {
		t.Run(database, func(t *testing.T) {
			before := pids()
			l := newLoad(t)
			l.await(t, time.Now(), 50)
			if err := live.Kill(database); err != nil {
				t.Fatal(err)
			}
			<-time.After(databaseAway)
			if err := live.Restart(t.Context(), database); err != nil {
				t.Fatal(err)
			}
			back := time.Now()
			l.await(t, back.Add(resumeWithin), 100)
			complete(t, stack.Services...)
			all := l.end()
			all.only(func(a answer) bool { return a.wrong != "" && a.began.After(back.Add(resumeWithin)) }).refuse(t)
			var resumed time.Duration
			for _, a := range all.failed() {
				resumed = max(resumed, a.ended.Sub(back))
			}
			if resumed > resumeWithin {
				t.Errorf("the last request failed %v after the database was back, want none after %v", resumed, resumeWithin)
			}
			after := pids()
			for part, pid := range before {
				if after[part] != pid {
					t.Errorf("%s is another process", part)
				}
				select {
				case <-live.Process(part).Done():
					t.Errorf("%s has ended: %v", part, live.Process(part).Err())
				default:
				}
			}
			t.Logf("measured: %s restarted: %d requests, %d failed, the last %.1f s after it was back; the slowest took %.1f s; %d processes went on",
				database, len(all), len(all.failed()), resumed.Seconds(), all.slowest().Seconds(), len(before))
		})
	}
}

// pids returns the process of the gateway and of each instance.
func pids() map[string]int {
	all := map[string]int{stack.Gateway: live.Process(stack.Gateway).PID()}
	for _, service := range stack.Services {
		for _, part := range live.Instances(service) {
			all[part] = live.Process(part).PID()
		}
	}
	return all
}

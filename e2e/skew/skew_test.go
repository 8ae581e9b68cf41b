package skew

import "testing"

// TestTheLastReleaseSellsBesideTodays runs the released binary of a service beside today's others: what a shop is while the service is
// still to be replaced.
func TestTheLastReleaseSellsBesideTodays(t *testing.T) {
	t.Parallel()
	for _, part := range mixed(t) {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			m := open(t, map[string]string{part: released(t, part)})
			if err := m.sell(t.Context()); err != nil {
				t.Fatal(err)
			}
			orders := m.survive(t, part)
			t.Logf("measured: %s %s beside today's others: %d orders around %d kills", part, lastRelease(t, part).Version, orders, kills)
		})
	}
}

// TestTodaysSellsBesideTheLastReleases starts a shop of released binaries alone, so that the databases have their schemas. Then it
// replaces one service by today's, which migrates its database, and after that by the released one again, as in a rollback.
func TestTodaysSellsBesideTheLastReleases(t *testing.T) {
	t.Parallel()
	for _, part := range mixed(t) {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			binaries := map[string]string{}
			for _, other := range parts() {
				if _, ok := recorded(t).Last(other); ok {
					binaries[other] = released(t, other)
				}
			}
			m := open(t, binaries)
			if err := m.sell(t.Context()); err != nil {
				t.Fatalf("before: %v", err)
			}
			m.upgrade(t, part, binaries)
			if err := m.sell(t.Context()); err != nil {
				t.Fatalf("today's %s: %v", part, err)
			}
			orders := m.survive(t, part)
			m.rollBack(t, part, binaries)
			if err := m.sell(t.Context()); err != nil {
				t.Fatalf("after the rollback of %s: %v", part, err)
			}
			m.audit(t)
			t.Logf("measured: today's %s beside the others' last releases: %d orders around %d kills", part, orders, kills)
		})
	}
}

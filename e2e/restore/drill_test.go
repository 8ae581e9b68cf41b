// Package restore tests that a shop which is restored from a backup agrees with itself again. The dumps of a backup are of different moments,
// between which the shop goes on selling.
package restore

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"souk/deploy/audit"
	"souk/deploy/audit/mend"
	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/platform/secret"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

const (
	// pause is how long the shop sells between two dumps. Each database takes part in some sales of that time and not in others.
	pause = 800 * time.Millisecond
	crowd = 4
)

var env = []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s"}

// backups makes a backup for each order of the dumps, in a shop with shoppers, and returns their folders.
func backups(t *testing.T, orders ...[]string) []string {
	t.Helper()
	s, end, err := testshop.Start(t.Context(), stack.Config{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	staff, err := fill(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := shoppers(t.Context(), s, staff, crowd)
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, parts := range orders {
		folder := t.TempDir()
		made := stack.Backup{Folder: folder, Parts: parts, Before: func(ctx context.Context, _ string) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pause):
				return nil
			}
		}}
		if err := made.Make(t.Context(), s.Config()); err != nil {
			t.Fatal(err)
		}
		folders = append(folders, folder)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	return folders
}

// mendRestored restores a backup, lists what was torn apart without changing it, and mends it.
func mendRestored(t *testing.T, folder string) *mend.Report {
	t.Helper()
	s, end, err := testshop.Restore(t.Context(), stack.Config{Env: env}, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	}()
	run := func(apply bool) *mend.Report {
		report, err := mend.Run(t.Context(), mend.Config{Apply: apply, Config: audit.Config{
			URL: s.URL(), ClientID: stack.Mend, ClientSecret: secret.Text(s.ClientSecret(stack.Mend)),
			Consul: s.ConsulConfig(stack.Mend), WithProvider: true, Patience: time.Second,
		}})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	listed, mended := run(false), run(true)
	if len(listed.Found) == 0 {
		t.Error("nothing was torn apart, so that nothing was tried")
	}
	if len(mended.Found) == 0 {
		t.Error("listing has mended")
	}
	tell(t, mended)
	again := run(false)
	if len(mended.InProgress)+len(again.InProgress) > 0 {
		t.Errorf("orders %v are in progress, and then %v", mended.InProgress, again.InProgress)
	}
	if !slices.EqualFunc(again.Found, mended.Left, func(a, b mend.Case) bool { return a.ID == b.ID }) {
		t.Errorf("the next audit finds %v, and the list for a person has %v", again.Found, mended.Left)
	}
	return mended
}

// tell logs how many things broke each rule, and how many are left for a person.
func tell(t *testing.T, report *mend.Report) {
	t.Helper()
	broken := map[string]int{}
	for _, c := range report.Found {
		for _, p := range c.Problems {
			broken[p.Check]++
		}
	}
	t.Logf("%d orders did not agree, %d are left for a person", len(report.Found), len(report.Left))
	for _, check := range slices.Sorted(maps.Keys(broken)) {
		t.Logf("%4d  %s", broken[check], check)
	}
}

func TestARestoredShopIsMended(t *testing.T) {
	t.Parallel()
	usual := stack.BackupParts()
	reversed := slices.Clone(usual)
	slices.Reverse(reversed)
	folders := backups(t, usual, reversed)
	t.Run("orders was dumped after the others", func(t *testing.T) {
		if left := mendRestored(t, folders[0]).Left; len(left) > 0 {
			t.Errorf("%d orders are left for a person, want none, because orders knows every decision", len(left))
		}
	})
	t.Run("orders was dumped before the others", func(t *testing.T) {
		for _, c := range mendRestored(t, folders[1]).Left {
			if !lost(c) {
				t.Errorf("it is left for a person and need not be: %+v", c)
			}
		}
	})
}

// lost reports whether a case is one of which only a person can know what to do, because orders has lost what nobody else knows: an order
// whose parcel has left, or a return whose goods have come.
func lost(c mend.Case) bool {
	if strings.Contains(c.Refusal, "its parcel") {
		return true
	}
	return !slices.ContainsFunc(c.Problems, func(p mend.Problem) bool {
		return p.Check != "goods: a sold order has bought its lines, less returns"
	})
}

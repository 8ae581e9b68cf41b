package judge_test

import (
	"strings"
	"testing"

	"souk/deploy/kubernetes/canary/judge"
)

// calls took that long on average: some no time, and some twice as long.
func calls(answered, failed, milliseconds float64) judge.Calls {
	seconds := milliseconds / 1000
	return judge.Calls{Answered: answered, Failed: failed, Timed: answered, Seconds: answered * seconds, Squares: 4. / 3 * answered * seconds * seconds}
}

// with adds one call that took long.
func with(c judge.Calls, milliseconds float64) judge.Calls {
	seconds := milliseconds / 1000
	c.Answered, c.Timed, c.Seconds, c.Squares = c.Answered+1, c.Timed+1, c.Seconds+seconds, c.Squares+seconds*seconds
	return c
}

const create, list = "Create", "List"

func TestAVersionIsWorseOnlyIfItIsClearly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		before, after judge.Version
		// worse is what the findings begin with, in order.
		worse []string
	}{
		{"alike", one(calls(1000, 0, 10)), one(calls(500, 0, 10)), nil},
		{"alike, both fail", one(calls(1000, 100, 10)), one(calls(500, 52, 10)), nil},
		{"better", one(calls(1000, 100, 30)), one(calls(500, 0, 10)), nil},
		{"no calls", judge.Version{}, judge.Version{}, nil},
		{"no calls of the new version", one(calls(1000, 0, 10)), judge.Version{}, nil},
		{"each fifth call fails", one(calls(200, 0, 10)), one(calls(100, 20, 10)), []string{"all methods together: 20.00 %", "Create: 20.00 %"}},
		{"one failure in a hundred calls is chance", one(calls(1000, 0, 10)), one(calls(100, 1, 10)), nil},
		{"a share that chance explains", one(calls(100, 3, 10)), one(calls(100, 6, 10)), nil},
		{"significant, but within the margin", one(calls(1e6, 0, 10)), one(calls(1e6, 4000, 10)), nil},
		{"callers avoid a pod that always fails", one(calls(500, 0, 10)), one(calls(6, 6, 10)), []string{"all methods together: 100.00 %", "Create: 100.00 %"}},
		{"twice as slow", one(calls(400, 0, 50)), one(calls(200, 0, 100)), []string{"all methods together: a call takes 100ms", "Create: a call takes 100ms"}},
		{"slower, but not by much", one(calls(200, 0, 50)), one(calls(100, 0, 78)), nil},
		{"a fast call may take some milliseconds more", one(calls(200, 0, 0.5)), one(calls(100, 0, 5)), nil},
		{"slow, with too few calls", one(calls(200, 0, 50)), one(calls(19, 0, 500)), nil},
		{"one call that took long", one(calls(200, 0, 5)), one(with(calls(100, 0, 5), 5000)), nil},
		{
			"one of many methods always fails",
			judge.Version{list: calls(1e5, 0, 10), create: calls(20, 0, 10)}, judge.Version{list: calls(1e5, 0, 10), create: calls(20, 20, 10)},
			[]string{"Create: 100.00 %"},
		},
		{
			"one of many methods is slow",
			judge.Version{list: calls(1e5, 0, 10), create: calls(50, 0, 10)}, judge.Version{list: calls(1e5, 0, 10), create: calls(50, 0, 100)},
			[]string{"Create: a call takes 100ms"},
		},
		{
			"a greater share of a method that often fails and is slow",
			judge.Version{list: calls(1000, 0, 5), create: calls(100, 20, 200)}, judge.Version{list: calls(100, 0, 5), create: calls(1000, 205, 205)},
			nil,
		},
		{
			"a little worse in each of many methods",
			each(calls(100, 0, 10)), each(calls(100, 3, 10)),
			[]string{"all methods together: 3.00 %"},
		},
		{"a method that the old version does not have", one(calls(1000, 0, 10)), judge.Version{create: calls(500, 0, 10), "New": calls(50, 50, 900)}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := judge.Compare(test.before, test.after)
			if len(found) != len(test.worse) {
				t.Fatalf("found %v, want %v", found, test.worse)
			}
			for i, want := range test.worse {
				if !strings.HasPrefix(found[i].String(), want) {
					t.Errorf("found %q, want %q", found[i], want)
				}
			}
		})
	}
}

// one is a version with one method.
func one(c judge.Calls) judge.Version { return judge.Version{create: c} }

// each is a version with ten methods that are alike.
func each(c judge.Calls) judge.Version {
	v := judge.Version{}
	for _, name := range strings.Split("abcdefghij", "") {
		v[name] = c
	}
	return v
}

func TestAFindingSaysHowMuchWorse(t *testing.T) {
	t.Parallel()
	found := judge.Compare(one(calls(400, 4, 50)), one(calls(200, 40, 100)))
	want := []string{
		"Create: 20.00 % of the calls fail instead of 1.00 %; 1.50 % is accepted (200 calls of the new version)",
		"Create: a call takes 100ms instead of 50ms; 80ms is accepted (200 calls of the new version)",
	}
	if len(found) != 4 || found[2].String() != want[0] || found[3].String() != want[1] {
		t.Errorf("found %v, want %v at the end", found, want)
	}
	if line := calls(200, 2, 50).Line(); line != "200 calls, 1.00 % failed, 50ms a call" {
		t.Error(line)
	}
}

package bench

import "testing"

func TestAMixThatHasBecomeDearFails(t *testing.T) {
	t.Parallel()
	measured := func(mixes int, oversold int64) *Report {
		return newReport(map[string][]Run{memoryFloor: {runOf(10_000, 1)}, mix: {runOf(mixes, 1)}}, oversold)
	}
	last := record{Mix: 0.05} // 500 for each 10,000
	for _, c := range []struct {
		report *Report
		last   record
		ok     bool
	}{
		{measured(500, 0), last, true}, {measured(351, 0), last, true}, {measured(349, 0), last, false},
		{measured(500, 1), last, false}, {measured(500, 0), record{}, false}, {newReport(nil, 0), last, false},
	} {
		if err := c.report.check(c.last); (err == nil) != c.ok {
			t.Errorf("%+v after %+v: %v", c.report.row(mix), c.last, err)
		}
	}
}

func TestTheRecordCanBeRead(t *testing.T) {
	t.Parallel()
	r := newReport(map[string][]Run{memoryFloor: {runOf(1, 1)}, mix: {runOf(1, 1)}}, 0)
	if err := r.Check("recorded.json"); err != nil {
		t.Error(err)
	}
}

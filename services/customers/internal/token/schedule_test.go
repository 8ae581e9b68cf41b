package token

import (
	"testing"
	"time"

	"souk/testkit/rapid"
)

const month = 30 * 24 * time.Hour

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestDue(t *testing.T) {
	t.Parallel()
	first := Key{Number: 0, SignsFrom: noon}
	second := Key{Number: 1, SignsFrom: noon.Add(month)}
	tests := map[string]struct {
		keys      []Key
		now       time.Time
		number    int64
		signsFrom time.Time
	}{
		"a shop without keys":                   {nil, noon, 1, noon},
		"a new key":                             {[]Key{first}, noon, 0, time.Time{}},
		"a moment before the next is published": {[]Key{first}, noon.Add(month - lead - 1), 0, time.Time{}},
		"when the next is to be published":      {[]Key{first}, noon.Add(month - lead), 1, noon.Add(month)},
		"the next is there":                     {[]Key{first, second}, noon.Add(month - lead), 0, time.Time{}},
		"after a long outage":                   {[]Key{first}, noon.Add(2 * month), 1, noon.Add(2*month + lead)},
		"the numbers are not in order":          {[]Key{second, {Number: 0, SignsFrom: noon.Add(month + 1)}}, noon.Add(3 * month), 2, noon.Add(3*month + lead)},
	}
	for name, test := range tests {
		number, signsFrom, ok := due(test.keys, month, test.now)
		if number != test.number || !signsFrom.Equal(test.signsFrom) || ok != (test.number > 0) {
			t.Errorf("%s: key %d from %v (%v), want %d from %v", name, number, signsFrom, ok, test.number, test.signsFrom)
		}
	}
}

func TestSigningAndSplit(t *testing.T) {
	t.Parallel()
	keys := []Key{{Number: 1, SignsFrom: noon}, {Number: 2, SignsFrom: noon.Add(month)}}
	tests := map[string]struct {
		at                 time.Duration
		signs              int64
		published, retired int
	}{
		"by a clock that is behind":            {-time.Second, 1, 2, 0},
		"a moment before the second signs":     {month - 1, 1, 2, 0},
		"when the second signs":                {month, 2, 2, 0},
		"when the last token of the first may": {month + Life, 2, 2, 0},
		"a moment before the first retires":    {month + tail - 1, 2, 2, 0},
		"when the first retires":               {month + tail, 2, 1, 1},
		"years later":                          {100 * month, 2, 1, 1},
	}
	for name, test := range tests {
		now := noon.Add(test.at)
		published, retired := split(keys, now)
		if got := signing(keys, now).Number; got != test.signs || len(published) != test.published || len(retired) != test.retired {
			t.Errorf("%s: key %d signs, %d are published and %d retired; want %+v", name, got, len(published), len(retired), test)
		}
	}
}

// However rarely and irregularly Rotate runs, a key is published before it signs, and until its last token has expired.
func TestTheScheduleHoldsForIrregularRotation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		life := time.Duration(rapid.Int64Range(int64(MinKeyLife), int64(2*month)).Draw(t, "life"))
		now := noon
		keys := []Key{newKey(1, now)}
		lastSigned := map[int64]time.Time{}
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*life)).Draw(t, "later")))
			for i, key := range keys {
				if i+1 < len(keys) && !keys[i+1].SignsFrom.After(now) {
					lastSigned[key.Number] = keys[i+1].SignsFrom
				}
			}
			lastSigned[signing(keys, now).Number] = now
			if number, signsFrom, ok := due(keys, life, now); ok {
				if signsFrom.Before(now.Add(lead)) {
					t.Fatalf("key %d signs %v after it was made", number, signsFrom.Sub(now))
				}
				keys = ordered(append(keys, newKey(number, signsFrom)))
			}
			if _, _, again := due(keys, life, now); again {
				t.Fatal("two keys are due at once")
			}
			published, retired := split(keys, now)
			for _, key := range retired {
				if left := lastSigned[key.Number].Add(Life).Sub(now); left > 0 {
					t.Fatalf("key %d is retired with tokens that live %v longer", key.Number, left)
				}
			}
			if len(published) == 0 || len(published) > 3 {
				t.Fatalf("%d keys are published", len(published))
			}
			keys = published
		}
	})
}

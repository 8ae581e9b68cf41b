package judge_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"souk/deploy/kubernetes/canary/judge"
)

// shop answers calls of five methods, of which the first gets most, with times of which a few are long.
type shop struct {
	random *rand.Rand
	// failing is the share of calls that fail, and slow how many times as long as usual a call takes.
	failing, slow float64
}

func (s shop) answer(v judge.Version, calls int) {
	for range calls {
		method := string(rune('a' + int(5*math.Pow(s.random.Float64(), 2))))
		c := v[method]
		seconds := s.slow * 0.01 * math.Exp(s.random.NormFloat64())
		c.Answered, c.Timed, c.Seconds, c.Squares = c.Answered+1, c.Timed+1, c.Seconds+seconds, c.Squares+seconds*seconds
		if s.random.Float64() < s.failing {
			c.Failed++
		}
		v[method] = c
	}
}

// refused returns the share of rollouts in which the new version is refused: each is looked at twenty times, and the new version answers so
// many calls in all, and the old one twice as many.
func refused(before, after shop, calls int) float64 {
	const rollouts, looks = 200, 20
	count := 0.0
	for range rollouts {
		o, n := judge.Version{}, judge.Version{}
		for range looks {
			before.answer(o, 2*calls/looks)
			after.answer(n, calls/looks)
			if len(judge.Compare(o, n)) > 0 {
				count++
				break
			}
		}
	}
	return count / rollouts
}

func TestChanceSeldomRefusesAVersionAndSeldomHidesAFault(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	alike := shop{random, 0.01, 1}
	for _, test := range []struct {
		name        string
		after       shop
		calls       int
		least, most float64
	}{
		{"alike, 200 calls", alike, 200, 0, 0.03},
		{"alike, 2000 calls", alike, 2000, 0, 0.03},
		{"each tenth call fails, 200 calls", shop{random, 0.1, 1}, 200, 0.93, 1},
		{"each fortieth call fails, 2000 calls", shop{random, 0.025, 1}, 2000, 0.85, 1},
		{"three times as slow, 200 calls", shop{random, 0.01, 3}, 200, 0.85, 1},
	} {
		if share := refused(alike, test.after, test.calls); share < test.least || share > test.most {
			t.Errorf("%s: refused in %.3f of the rollouts, want %.2f to %.2f", test.name, share, test.least, test.most)
		} else {
			t.Logf("%s: %.3f", test.name, share)
		}
	}
}

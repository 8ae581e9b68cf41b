// Package faultplan is responsible for killing and pausing parts of a shop by a schedule that a seed draws.
package faultplan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"souk/e2e/testshop"
)

const (
	faultEvery = 2 * time.Second
	// A part that is paused stands still for up to this long.
	longestPause = 4 * time.Second
)

// Fault is a kill or a pause of a part.
type Fault struct {
	Part  string
	Pause time.Duration // zero for a kill
}

func (f Fault) String() string {
	if f.Pause > 0 {
		return fmt.Sprintf("pause %s for %.1f s", f.Part, f.Pause.Seconds())
	}
	return "kill " + f.Part
}

// Plan is a schedule of faults, one every two seconds.
type Plan []Fault

// New draws the plan of a seed that lasts for a while and hits the parts named.
func New(seed uint64, lasts time.Duration, parts []string) Plan {
	random := rand.New(rand.NewPCG(seed, 1))
	plan := make(Plan, lasts/faultEvery)
	for i := range plan {
		plan[i].Part = parts[random.IntN(len(parts))]
		if random.IntN(3) == 0 {
			plan[i].Pause = time.Second + time.Duration(random.Int64N(int64(longestPause-time.Second)))
		}
	}
	return plan
}

// Kills returns how many of the faults are kills; the rest are pauses.
func (p Plan) Kills() int {
	kills := 0
	for _, f := range p {
		if f.Pause == 0 {
			kills++
		}
	}
	return kills
}

// Run applies the faults to a shop, one after the other, until ctx is done. It returns how many it applied, once every part that
// was hit runs again.
func (p Plan) Run(ctx context.Context, shop *testshop.Shop, say func(string, ...any)) (int, error) {
	tick := time.NewTicker(faultEvery)
	defer tick.Stop()
	// What was hit is repaired also when ctx is done.
	repairCtx := context.WithoutCancel(ctx)
	var repairing sync.WaitGroup
	defer repairing.Wait()
	for i, f := range p {
		select {
		case <-ctx.Done():
			return i, nil
		case <-tick.C:
		}
		say("%3d s: %s", (i+1)*int(faultEvery/time.Second), f)
		if err := f.apply(shop); err != nil {
			return i, err
		}
		repairing.Go(func() { f.repair(repairCtx, shop, say) })
	}
	return len(p), nil
}

func (f Fault) apply(shop *testshop.Shop) error {
	if f.Pause > 0 {
		return shop.Pause(f.Part)
	}
	return shop.Kill(f.Part)
}

// How often a part that was killed is tried to be started. One that was hit again meanwhile needs more than one try.
const repairs = 20

// repair resumes a part that was paused after its time, and starts a part again that was killed.
func (f Fault) repair(ctx context.Context, shop *testshop.Shop, say func(string, ...any)) {
	if f.Pause > 0 {
		time.Sleep(f.Pause)
		if err := shop.Resume(f.Part); err != nil {
			say("resume %s: %v", f.Part, err)
		}
		return
	}
	for range repairs {
		err := shop.Restart(ctx, f.Part)
		if err == nil {
			return
		}
		say("restart %s: %v", f.Part, err)
	}
}

package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"souk/e2e/testshop"
)

const (
	blowEvery = 2 * time.Second
	// A part that is paused stands still for up to this long.
	longestPause = 4 * time.Second
)

// Blow is a fault of a storm.
type Blow struct {
	Part  string
	Pause time.Duration // zero for a kill
}

func (b Blow) String() string {
	if b.Pause > 0 {
		return fmt.Sprintf("pause %s for %.1f s", b.Part, b.Pause.Seconds())
	}
	return "kill " + b.Part
}

// Storm is a schedule of faults: something is killed or paused every two seconds.
type Storm []Blow

// NewStorm draws the storm of a seed that lasts for a while and hits the parts named.
func NewStorm(seed uint64, lasts time.Duration, parts []string) Storm {
	random := rand.New(rand.NewPCG(seed, 1))
	blows := make(Storm, lasts/blowEvery)
	for i := range blows {
		blows[i].Part = parts[random.IntN(len(parts))]
		if random.IntN(3) == 0 {
			blows[i].Pause = time.Second + time.Duration(random.Int64N(int64(longestPause-time.Second)))
		}
	}
	return blows
}

// Kills returns how many of the blows are kills; the rest are pauses.
func (s Storm) Kills() int {
	kills := 0
	for _, b := range s {
		if b.Pause == 0 {
			kills++
		}
	}
	return kills
}

// Rage deals the blows to a shop, one after the other, until ctx is done. It returns how many it dealt, once everything
// that was hit runs again.
func (s Storm) Rage(ctx context.Context, shop *testshop.Shop, say func(string, ...any)) (int, error) {
	tick := time.NewTicker(blowEvery)
	defer tick.Stop()
	// What was hit is repaired also when the storm is called off.
	mend := context.WithoutCancel(ctx)
	var mending sync.WaitGroup
	defer mending.Wait()
	for i, b := range s {
		select {
		case <-ctx.Done():
			return i, nil
		case <-tick.C:
		}
		say("%3d s: %s", (i+1)*int(blowEvery/time.Second), b)
		if err := b.deal(shop); err != nil {
			return i, err
		}
		mending.Go(func() { b.repair(mend, shop, say) })
	}
	return len(s), nil
}

func (b Blow) deal(shop *testshop.Shop) error {
	if b.Pause > 0 {
		return shop.Pause(b.Part)
	}
	return shop.Kill(b.Part)
}

// How often a part that was killed is tried to be started. One that was hit again meanwhile needs more than one try.
const repairs = 20

// repair undoes a blow.
func (b Blow) repair(ctx context.Context, shop *testshop.Shop, say func(string, ...any)) {
	if b.Pause > 0 {
		time.Sleep(b.Pause)
		if err := shop.Resume(b.Part); err != nil {
			say("resume %s: %v", b.Part, err)
		}
		return
	}
	for range repairs {
		err := shop.Restart(ctx, b.Part)
		if err == nil {
			return
		}
		say("restart %s: %v", b.Part, err)
	}
}

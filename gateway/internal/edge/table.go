package edge

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// Each table has 2 MiB of slots.
const tableSlots = 1 << 18

// table limits clients of any number in memory of a fixed size, and forgets nothing before its time: where a limiter would forget
// the clients that are longest unseen, and so could be made to by sending it many, here clients whose keys meet in a slot share
// its allowance. The seed is the process's own, so that nobody knows whose keys meet.
//
// A slot holds when its allowance will be whole again, in nanoseconds since start: the generic cell rate algorithm
// (ITU-T I.371, annex A).
type table struct {
	limit limit
	seed  maphash.Seed
	start time.Time
	whole []atomic.Int64
}

func newTable(l limit) *table {
	return &table{limit: l, seed: maphash.MakeSeed(), start: time.Now(), whole: make([]atomic.Int64, tableSlots)}
}

// take lets the client go on or not, and says what it may still do.
func (t *table) take(client string) quota {
	slot := t.slot(client)
	each := t.limit.refill() / time.Duration(t.limit.burst)
	for {
		now, old := time.Since(t.start), slot.Load()
		next := max(time.Duration(old), now) + each
		if wait := next - now - t.limit.refill(); wait > 0 {
			return quota{limit: t.limit, wait: wait}
		}
		if slot.CompareAndSwap(old, int64(next)) {
			return quota{limit: t.limit, left: float64(t.limit.refill()-next+now) / float64(each)}
		}
	}
}

// forgive gives the client its whole allowance back.
func (t *table) forgive(client string) { t.slot(client).Store(0) }

func (t *table) slot(client string) *atomic.Int64 {
	return &t.whole[maphash.String(t.seed, client)%tableSlots]
}

package edge

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// A table has 2 MiB of slots.
const tableSlots = 1 << 18

// table limits any number of clients in memory of a fixed size. It never forgets a client early. A limiter forgets the clients
// that it has not seen for the longest time, so an attacker could make it forget by using many clients. In a table, clients
// whose keys hash to the same slot share its limit instead. The hash seed is random, so nobody can find such keys.
//
// A slot contains the time at which its limit will be fully refilled, in nanoseconds since start: the generic cell rate
// algorithm (ITU-T I.371, annex A).
type table struct {
	limit limit
	seed  maphash.Seed
	start time.Time
	whole []atomic.Int64
}

func newTable(l limit) *table {
	return &table{limit: l, seed: maphash.MakeSeed(), start: time.Now(), whole: make([]atomic.Int64, tableSlots)}
}

// take takes one request from the client's limit if there is one left, and returns the state of the limit.
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

// forgive resets the client's limit.
func (t *table) forgive(client string) { t.slot(client).Store(0) }

func (t *table) slot(client string) *atomic.Int64 {
	return &t.whole[maphash.String(t.seed, client)%tableSlots]
}

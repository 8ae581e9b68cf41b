package simulation

import (
	"context"
	"fmt"
	"time"
)

// The times that internal/job goes by.
const (
	fetchEvery  = time.Second
	runTime     = 8 * time.Second
	rescueAfter = 10 * time.Second
	leastWait   = time.Second
	mostWait    = 15 * time.Second
)

// job is a durable job, as River keeps it.
type job struct {
	id        int64
	orderID   string
	running   bool
	due       time.Time
	createdAt time.Time
	startedAt time.Time
	runs      int
}

// jobs are all durable jobs, in the order of their ids.
type jobs struct {
	last int64
	all  []*job
}

func (j *jobs) find(id int64) *job {
	for _, found := range j.all {
		if found.id == id {
			return found
		}
	}
	return nil
}

func (j *jobs) start(orderID string, delay time.Duration) int64 {
	j.last++
	now := time.Now()
	j.all = append(j.all, &job{id: j.last, orderID: orderID, due: now.Add(delay), createdAt: now})
	return j.last
}

// end removes a job, but not one that runs.
func (j *jobs) end(id int64) {
	if found := j.find(id); found != nil && !found.running {
		j.remove(id)
	}
}

func (j *jobs) remove(id int64) {
	kept := j.all[:0]
	for _, other := range j.all {
		if other.id != id {
			kept = append(kept, other)
		}
	}
	j.all = kept
}

// hurry makes a job due, unless it runs.
func (j *jobs) hurry(id int64) {
	if found := j.find(id); found != nil && !found.running {
		found.due = time.Now()
	}
}

// take returns the jobs that are due, which from now on run. Those that have run for too long are due again.
func (j *jobs) take() []job {
	var taken []job
	now := time.Now()
	for _, found := range j.all {
		if found.running && now.Sub(found.startedAt) > rescueAfter {
			found.running, found.due = false, now
		}
		if found.running || found.due.After(now) {
			continue
		}
		found.running, found.startedAt = true, now
		found.runs++
		taken = append(taken, *found)
	}
	return taken
}

// done is called with what came of a run. Work that is left brings the job back.
func (j *jobs) done(id int64, err error) {
	found := j.find(id)
	switch {
	case found == nil || !found.running:
	case err == nil:
		j.remove(id)
	default:
		now := time.Now()
		found.running = false
		found.due = now.Add(min(max(now.Sub(found.createdAt)/8, leastWait), mostWait))
	}
}

// runJobs runs the jobs that are due, for as long as the process lives.
func (p *process) runJobs(offset time.Duration) {
	time.Sleep(offset)
	for p.shop.open() {
		p.mustLive()
		for _, taken := range p.takeJobs() {
			p.spawn("job", func() { p.runJob(taken) })
		}
		time.Sleep(fetchEvery)
	}
}

func (p *process) takeJobs() []job {
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	if p.shop.weather.away("store", p.shop.age()) {
		return nil
	}
	return p.shop.store.jobs.take()
}

func (p *process) runJob(j job) {
	who := newActor(p.shop.seed, fmt.Sprintf("%s job %d run %d", p.name, j.id, j.runs))
	// Jobs that are taken together do not start at the very same moment.
	time.Sleep(who.dice("start").between(0, 10*time.Millisecond))
	ctx, cancel := context.WithTimeout(withActor(context.Background(), who), runTime)
	defer cancel()
	err := p.Advance(ctx, j.orderID)
	p.mustLive()
	p.shop.mu.Lock()
	defer p.shop.mu.Unlock()
	p.shop.store.jobs.done(j.id, err)
}

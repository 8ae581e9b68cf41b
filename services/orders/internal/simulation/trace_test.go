package simulation

import (
	"fmt"
	"strings"
	"time"

	"souk/services/orders/internal/order"
)

// step is something that happened.
type step struct {
	at                time.Duration // since the simulation began
	who, what, detail string
	err               error
}

// trace is what happened, in order. Ids are random, so it knows them by names.
type trace struct {
	began time.Time
	steps []step
	names map[string]string
	count map[string]int
}

func newTrace() *trace {
	return &trace{began: time.Now(), names: map[string]string{}, count: map[string]int{}}
}

// add writes down that who did what, with what came of it.
func (t *trace) add(who, what, detail string, err error) {
	t.steps = append(t.steps, step{time.Since(t.began), who, what, detail, err})
}

// call gives an id a name, such as "order 3", unless it has one.
func (t *trace) call(id, kind string) {
	if t.names[id] == "" {
		t.count[kind]++
		t.names[id] = fmt.Sprintf("%s %d", kind, t.count[kind])
	}
}

// named writes names for ids.
func (t *trace) named() *strings.Replacer {
	var pairs []string
	for id, name := range t.names {
		pairs = append(pairs, id, name)
	}
	return strings.NewReplacer(pairs...)
}

// String writes one line for each step.
func (t *trace) String() string {
	named := t.named()
	var b strings.Builder
	for _, s := range t.steps {
		fmt.Fprintf(&b, "%14.9f  %-28s %-16s %s", s.at.Seconds(), s.who, s.what, named.Replace(s.detail))
		if s.err != nil {
			fmt.Fprintf(&b, ": %s", named.Replace(s.err.Error()))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// callAll names the returns and refunds of an order.
func (t *trace) callAll(r order.Snapshot) {
	for _, goods := range r.Returns {
		t.call(goods.ID, "return")
	}
	for _, refund := range r.Refunds {
		t.call(refund.ID, "refund")
	}
}

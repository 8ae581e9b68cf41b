package mail

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Outcome is what became of a mail, or of an attempt to send it.
type Outcome string

// The outcomes.
const (
	Sent    Outcome = "sent"
	PutOff  Outcome = "put_off"  // the attempt failed, and there will be another
	Refused Outcome = "refused"  // by the server, for good
	GivenUp Outcome = "given_up" // it waited for too long
	Dropped Outcome = "dropped"  // there was no reason any more to send it
)

var mails = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_mails_total", Help: "Mails by what became of them; put_off counts attempts.",
}, []string{"kind", "outcome"})

// Count counts an outcome for a kind of mail. The kind is one of few constants.
func Count(kind string, outcome Outcome) { mails.WithLabelValues(kind, string(outcome)).Inc() }

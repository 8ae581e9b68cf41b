package balance

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// attempt is one attempt at a call. Its fields are set before it is made.
type attempt struct {
	call   *Call
	fleet  *fleet
	health bool // the call is of gRPC's health service
	one    *instance
	start  time.Time
	trial  bool // the instance is ejected, and this is to find out whether it is well
}

// done learns from how the attempt ended.
func (a *attempt) done(info balancer.DoneInfo) {
	a.fleet.mu.Lock()
	now := time.Now()
	a.one.hear(a.start, now, info)
	said := a.outcome(info)
	var changes []change
	if said != nothing {
		changes = a.fleet.judge(a.one, said == failure, a.trial, now)
	}
	a.call.metOutlier.Store(said == failure && a.one.ejected)
	a.call.elsewhere.Store(said == failure && a.fleet.hasBetter(a.call.instances, now))
	a.fleet.mu.Unlock()
	for _, c := range changes {
		c.report(a.call.Logger)
	}
}

// outcome is what the end of an attempt says of its instance.
type outcome int

const (
	nothing outcome = iota
	success
	failure
)

// outcome judges an attempt by its status code. INTERNAL and its like are failures of the instance, unless they come with
// details, as an error does that the service returns on purpose. Mistakes of callers, such as NOT_FOUND, are successes,
// because it takes work to find them. Refused and abandoned calls say nothing. Neither does a connection that breaks,
// because gRPC stops using it by itself.
func (a *attempt) outcome(info balancer.DoneInfo) outcome {
	answer := status.Convert(info.Err)
	switch answer.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Unauthenticated, codes.PermissionDenied:
		return nothing
	case codes.Internal, codes.Unknown, codes.DataLoss, codes.Unimplemented, codes.Unavailable:
		if a.health || !info.BytesReceived || len(answer.Proto().GetDetails()) > 0 {
			return nothing
		}
		return failure
	}
	if a.health {
		return nothing
	}
	return success
}

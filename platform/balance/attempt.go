package balance

import (
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// attempt is one try at a call, at one instance.
type attempt struct {
	call   *Call
	fleet  *fleet
	health bool // the call is a health check of gRPC
	one    *instance
	start  time.Time
	trial  bool // the instance is ejected; this attempt finds out whether it works again
}

// done updates the instance's record with the result of the attempt.
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

// outcome is what the result of an attempt tells about its instance.
type outcome int

const (
	nothing outcome = iota
	success
	failure
)

// outcome judges an attempt by its status code. INTERNAL and similar codes are failures of the instance, unless they carry
// error details, because a service returns details on purpose. Callers' mistakes, such as NOT_FOUND, are successes, because a
// working instance is needed to detect them. Some calls tell nothing about the instance: those that it refused for overload or
// missing rights, those that were canceled or missed their deadline, and those whose connection broke. gRPC itself stops using a
// broken connection.
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

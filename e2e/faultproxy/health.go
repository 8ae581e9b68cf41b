package faultproxy

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const watchMethod = "/grpc.health.v1.Health/Watch"

// How soon a service that went is asked again how it is.
const watchAgain = 50 * time.Millisecond

// watch passes on what the service says of its health. While the service is away it says so in its place: a client whose
// watch ends though its connection stands waits ever longer before it watches again, and would not see the service return.
func (p *Proxy) watch(caller grpc.ServerStream, request *frame) error {
	away, err := proto.Marshal(&healthv1.HealthCheckResponse{Status: healthv1.HealthCheckResponse_NOT_SERVING})
	if err != nil {
		return err
	}
	for {
		err := p.forward(watchMethod, caller, request)
		if status.Code(err) == codes.Unimplemented {
			return err
		}
		if err := caller.SendMsg(&frame{bytes: away}); err != nil {
			return err
		}
		select {
		case <-caller.Context().Done():
			return status.FromContextError(caller.Context().Err()).Err()
		case <-time.After(watchAgain):
		}
	}
}

package faultproxy

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// ask calls a method that the callee does not have, which says so unless the proxy answers.
func ask(ctx context.Context, conn *grpc.ClientConn) codes.Code {
	return status.Code(conn.Invoke(ctx, "/souk.Test/Ask", &emptypb.Empty{}, &emptypb.Empty{}))
}

func TestEveryCallIsAnsweredByTheProxyUntilItIsTold(t *testing.T) {
	t.Parallel()
	c := &callee{}
	p, conn := connect(t, c)
	client := healthv1.NewHealthClient(conn)
	if err := call(t, client); err != nil { // which waits until there is a connection
		t.Fatal(err)
	}
	for _, test := range []struct {
		response Response
		want     codes.Code
	}{
		{Fail(codes.Unavailable), codes.Unavailable}, {Garble, codes.Internal}, {Hold, codes.DeadlineExceeded}, {nil, codes.Unimplemented},
	} {
		p.Respond(test.response)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if got := ask(ctx, conn); got != test.want {
			t.Errorf("answered %s, want %s", got, test.want)
		}
		cancel()
		if err := call(t, client); err != nil {
			t.Errorf("a health check: %v", err)
		}
	}
	if n := p.Calls()["/souk.Test/Ask"]; n != 4 {
		t.Errorf("%d calls were counted, want 4", n)
	}
}

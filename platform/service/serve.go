package service

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"souk/platform/access"
)

// serve serves on listener until drain is called; drain returns when the calls under way have ended.
func (s *Service) serve(ctx context.Context, group *errgroup.Group, listener net.Listener) (drain func()) {
	if s.handler != nil {
		return s.serveHTTP(ctx, group, listener)
	}
	group.Go(func() error {
		// If the process is told to stop while it starts, the server may be stopped before Serve is called.
		if err := s.server.Serve(netutil.LimitListener(listener, maxConns)); !errors.Is(err, grpc.ErrServerStopped) {
			return err
		}
		return nil
	})
	return s.drainGRPC
}

// drainGRPC waits for the calls under way, up to the configured time.
func (s *Service) drainGRPC() {
	force := time.AfterFunc(s.cfg.Drain, s.server.Stop)
	defer force.Stop()
	s.server.GracefulStop()
}

// lateKeys is a key source that is set after the server was created.
type lateKeys struct {
	source access.KeySource
}

func (l *lateKeys) Key(ctx context.Context, id string) (ed25519.PublicKey, error) {
	return l.source.Key(ctx, id)
}

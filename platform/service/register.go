package service

import (
	"context"
	"net"
	"strconv"
	"time"

	"souk/platform/consul"
	"souk/platform/outage"
)

// register keeps the process registered with Consul until ctx is done. In a container it may be impossible to determine the
// address for the registration while Consul is down, so it retries that too.
func (s *Service) register(ctx context.Context, bound, admin net.Addr) {
	again := outage.Backoff{First: 100 * time.Millisecond, Most: 2 * time.Second}
	for ctx.Err() == nil {
		instance, err := s.instance(ctx, bound.(*net.TCPAddr), admin)
		if err == nil {
			consul.Keep(ctx, s.consul, instance, s.logger)
			return
		}
		s.logger.Warn("not registered with consul", "error", err)
		again.Sleep(ctx)
	}
}

func (s *Service) instance(ctx context.Context, bound *net.TCPAddr, admin net.Addr) (consul.Instance, error) {
	host, err := s.listen.advertised(ctx, bound, s.cfg.Consul.Addr)
	if err != nil {
		return consul.Instance{}, err
	}
	built := current()
	instance := consul.Instance{
		ID: s.name + "-" + net.JoinHostPort(host, strconv.Itoa(bound.Port)), Name: s.name,
		Host: host, Port: bound.Port, Version: built.version, Commit: built.commit,
	}
	if s.handler != nil {
		instance.HTTPPath, instance.HTTPS = "/healthz", s.web.pair != nil
	}
	if admin, ok := admin.(*net.TCPAddr); ok {
		instance.Admin = admin.String()
		if admin.IP.IsUnspecified() {
			instance.Admin = net.JoinHostPort(host, strconv.Itoa(admin.Port))
		}
	}
	return instance, nil
}

package service_test

import (
	"strings"
	"testing"
	"time"

	"souk/platform/consul"
	"souk/platform/service"
)

func TestATooShortRootGraceIsRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]service.Config{
		"SOUK_CONSUL_ROOT_GRACE": {Consul: consul.Config{RootGrace: service.LeastRootGrace - time.Second}},
		"SOUK_CONNECTION_AGE":    {ConnectionAge: -time.Second},
	} {
		if _, err := service.New("x", cfg, service.Listen{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cfg := service.Config{Consul: consul.Config{RootGrace: service.LeastRootGrace}}
	if _, err := service.New("x", cfg, service.Listen{}); err != nil {
		t.Error(err)
	}
}

package service_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"souk/platform/service"
	"souk/testkit/certtest"
)

func TestAnHTTPSProcessPassesItsCheck(t *testing.T) {
	t.Parallel()
	const name = "secured"
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	certPEM, keyPEM, err := authority.Issue(name, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := service.HTTPConfig{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}
	for file, content := range map[string][]byte{cfg.CertFile: certPEM, cfg.KeyFile: keyPEM} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newService(t, name)
	s.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	if err := s.ConfigureHTTP(cfg); err != nil {
		t.Fatal(err)
	}
	start(t, s)
	address(t, name) // waits until the instance passes
}

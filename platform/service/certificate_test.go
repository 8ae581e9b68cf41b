package service

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// served returns the serial number of the certificate that the server sends on a new connection.
func served(t *testing.T, s *httpServer) string {
	t.Helper()
	conn, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func TestAReplacedCertificateIsServedAndDropsNoRequest(t *testing.T) {
	t.Parallel()
	f := newFiles(t)
	s := serveWith(t, f.config(), hello)
	var stop atomic.Bool
	var requests atomic.Int64
	var clients sync.WaitGroup
	for i := range 4 {
		client := clientFrom(t, "127.0.0.1")
		// Half of the clients use a new connection for each request.
		client.Transport.(*http.Transport).DisableKeepAlives = i%2 == 0
		clients.Go(func() {
			for !stop.Load() {
				resp, err := client.Get("https://" + s.addr)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
				requests.Add(1)
			}
		})
	}
	for range 3 {
		want := f.replace(t).Leaf.SerialNumber.String()
		until(t, "the new certificate is served", func() bool { return served(t, s) == want })
	}
	stop.Store(true)
	clients.Wait()
	t.Logf("measured: 3 certificates replaced under %d requests, none failed", requests.Load())
}

func TestAnInvalidCertificateIsNotUsed(t *testing.T) {
	t.Parallel()
	f := newFiles(t)
	s := serveWith(t, f.config(), hello)
	first := served(t, s)
	otherKey, err := os.ReadFile(newFiles(t).key)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(f.key)
	if err != nil {
		t.Fatal(err)
	}
	for i, broken := range []func(){
		func() { write(t, f.cert, []byte("no certificate")) },
		func() { write(t, f.key, otherKey) },
		func() { _ = os.Remove(f.key) },
	} {
		broken()
		until(t, "it is told", func() bool { return strings.Count(s.log.String(), "not used") == i+1 })
		if served(t, s) != first {
			t.Error("another certificate is served")
		}
	}
	want := f.replace(t).Leaf.SerialNumber.String()
	until(t, "the good certificate is served", func() bool { return served(t, s) == want })
	if log := s.log.String(); strings.Contains(log, "PRIVATE") || bytes.Contains([]byte(log), key[40:80]) {
		t.Errorf("the log has the key: %s", log)
	}
}

func TestAnUnreadableCertificateIsAnErrorAtTheStart(t *testing.T) {
	t.Parallel()
	f := newFiles(t)
	for name, cfg := range map[string]HTTPConfig{
		"no file":  {CertFile: f.cert + ".not", KeyFile: f.key},
		"no key":   {CertFile: f.cert},
		"mixed up": {CertFile: f.key, KeyFile: f.cert},
	} {
		if err := (&Service{}).ConfigureHTTP(cfg); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

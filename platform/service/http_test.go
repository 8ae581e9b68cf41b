package service

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestHTTP2IsSpokenOverTLSIfTheClientSupportsIt(t *testing.T) {
	t.Parallel()
	s := serveWith(t, newFiles(t).config(), func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	old := clientFrom(t, "127.0.0.1")
	old.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	for want, client := range map[string]*http.Client{"HTTP/2.0": clientFrom(t, "127.0.0.1"), "HTTP/1.1": old} {
		resp, err := client.Get("https://" + s.addr)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(got) != want {
			t.Errorf("spoke %s, want %s", got, want)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := serveWith(t, newFiles(t).config(), hello)
	conn, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	if err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 was spoken")
	}
}

func TestPlainHTTPHasNoHTTP2(t *testing.T) {
	t.Parallel()
	s := serveWith(t, HTTPConfig{}, hello)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: transport}
	if resp, err := client.Get("http://" + s.addr); err == nil {
		_ = resp.Body.Close()
		t.Errorf("spoke %s", resp.Proto)
	}
}

func TestTooLargeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	s := serveWith(t, HTTPConfig{}, hello)
	for size, want := range map[int]int{32 << 10: 200, 128 << 10: 431} {
		req, err := http.NewRequest(http.MethodGet, "http://"+s.addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Long", strings.Repeat("a", size))
		resp, err := clientFrom(t, "127.0.0.1").Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d bytes are answered %d, want %d", size, resp.StatusCode, want)
		}
	}
}

package certificate_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"souk/platform/certificate"
)

func TestPinnedClientAcceptsOnlyTheCertificateInTheFile(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	another := ofAnother(t)
	file := filepath.Join(t.TempDir(), "cert.pem")
	// The certificate is renewed while the client runs.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: certificate.Pinned(file), DisableKeepAlives: true}}
	for _, test := range []struct{ content, refusal string }{
		{string(own), ""},
		{string(another), "another certificate"},
		{string(another) + "\n" + string(own), "another certificate"},
		{string(own) + string(another), ""},
		{"nothing", "no PEM"},
	} {
		if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		resp, err := client.Get(server.URL)
		if err == nil {
			_ = resp.Body.Close()
		}
		if (err == nil) != (test.refusal == "") || err != nil && !strings.Contains(err.Error(), test.refusal) {
			t.Errorf("%.40q: %v, want %q", test.content, err, test.refusal)
		}
	}
}

// ofAnother returns somebody else's certificate as PEM.
func ofAnother(t *testing.T) []byte {
	t.Helper()
	certPEM, _, err := newAuthority(t).Issue("orders", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return certPEM
}

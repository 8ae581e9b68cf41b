package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"souk/testkit/inbox"
)

// start starts an SMTP server.
func start(t *testing.T, cfg inbox.Config) *inbox.Inbox {
	t.Helper()
	b, err := inbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// plain returns a sender to a server without encryption.
func plain(t *testing.T, addr string) *Sender {
	t.Helper()
	s, err := New(Config{Addr: addr, TLS: Off, From: "Souk <shop@example.com>"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hello is a mail.
func hello() Message {
	return Message{ID: "0199", To: "ada@example.com", Name: "Ada", Subject: "Hello", Text: "Hello, Ada", HTML: "<p>Hello, Ada</p>"}
}

// certified returns a certificate for 127.0.0.1, and what trusts it.
func certified(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	server := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return server, roots
}

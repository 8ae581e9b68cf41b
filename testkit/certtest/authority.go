// Package certtest is responsible for a certificate authority of a test's own, which issues what Consul's would, and what
// it never would.
package certtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"time"

	"souk/platform/certificate"
)

// The trust domain stands for Consul's cluster id.
const trustDomain = "11111111-2222-3333-4444-555555555555.consul"

// Authority issues certificates.
type Authority struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey
	// RootPEM and KeyPEM are the root certificate and its key, as Consul's configuration takes them.
	RootPEM, KeyPEM []byte
}

const day = 24 * time.Hour

// New returns an authority with a new root, good for a day. Each root has a name of its own, as Consul's have: among roots of
// one name, crypto/x509 tries each of them as the issuer of a certificate, and gives up after 100 signatures.
func New() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority " + rand.Text()},
		URIs:      []*url.URL{{Scheme: "spiffe", Host: trustDomain}},
		NotBefore: time.Now().Add(-2 * day), NotAfter: time.Now().Add(day),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyPEM, err := encodeKey(key)
	return &Authority{root: root, key: key, RootPEM: encode(der), KeyPEM: keyPEM}, err
}

// Issue returns a certificate of the service, and its key, good from a day ago until notAfter.
func (a *Authority) Issue(service string, notAfter time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		URIs:         certificate.URIs(trustDomain, "dc1", service),
		NotBefore:    time.Now().Add(-day), NotAfter: notAfter, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, key.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err = encodeKey(key)
	return encode(der), keyPEM, err
}

// Name returns the root's name.
func (a *Authority) Name() string { return a.root.Subject.CommonName }

// Root returns the root certificate, to be trusted for ever.
func (a *Authority) Root() certificate.Root {
	return certificate.Root{PEM: string(a.RootPEM)}
}

// Identity returns the identity of a service, good for half a day, that trusts those of this authority.
func (a *Authority) Identity(service string) (*certificate.Identity, error) {
	certPEM, keyPEM, err := a.Issue(service, time.Now().Add(day/2))
	if err != nil {
		return nil, err
	}
	identity := certificate.New()
	if err := identity.SetLeaf(certPEM, keyPEM); err != nil {
		return nil, err
	}
	return identity, identity.SetRoots(a.Root())
}

func encode(der []byte) []byte {
	return bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), nil
}

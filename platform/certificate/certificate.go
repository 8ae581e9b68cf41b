// Package certificate is responsible for proving, in TLS, which service of the shop a process is, and for checking which
// one its peer is. A service is named by the SPIFFE id in its certificate, as Consul's own authority issues it:
// spiffe://TRUST-DOMAIN/ns/default/dc/dc1/svc/orders (https://developer.hashicorp.com/consul/docs/connect/ca).
package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sync"
	"time"
)

var errNotReady = errors.New("no certificate yet")

// Root is a root certificate whose holders are trusted.
type Root struct {
	PEM string
	// Until is when the trust ends; zero is never.
	Until time.Time
}

// Identity is what a process proves itself by, and whom it trusts. Both may be replaced at any time; each new connection
// takes what is there then. An open one that is watched is closed when its peer is trusted no more.
type Identity struct {
	mu    sync.RWMutex
	leaf  *tls.Certificate
	roots []root
	ready chan struct{}

	watched map[*watchedConn]struct{}
	// retire closes what the next root to be trusted no more has vouched for.
	retire *time.Timer
}

// root is a Root as it is used.
type root struct {
	certificate *x509.Certificate
	until       time.Time
}

// New returns an identity that proves nothing and trusts nobody yet.
func New() *Identity {
	return &Identity{ready: make(chan struct{}), watched: map[*watchedConn]struct{}{}}
}

// SetLeaf replaces the process's own certificate, with those that lead to its root, and its key.
func (i *Identity) SetLeaf(certPEM, keyPEM []byte) error {
	leaf, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	i.replace(func() { i.leaf = &leaf })
	return nil
}

// SetRoots replaces the roots of those the process trusts.
func (i *Identity) SetRoots(roots ...Root) error {
	var parsed []root
	for _, r := range roots {
		certificates, err := parse(r.PEM)
		if err != nil {
			return fmt.Errorf("root certificates: %w", err)
		}
		for _, c := range certificates {
			parsed = append(parsed, root{certificate: c, until: r.Until})
		}
	}
	i.replace(func() { i.roots = parsed })
	i.closeDistrusted()
	return nil
}

// parse returns the certificates in a text in PEM.
func parse(text string) ([]*x509.Certificate, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("not in PEM")
	}
	var all []*x509.Certificate
	for ; block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (i *Identity) replace(set func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	before := i.complete()
	set()
	if !before && i.complete() {
		close(i.ready)
	}
}

func (i *Identity) complete() bool { return i.leaf != nil && len(i.roots) > 0 }

// Await returns when there are a certificate and roots, or with the error of ctx.
func (i *Identity) Await(ctx context.Context) error {
	select {
	case <-i.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errNotReady, ctx.Err())
	}
}

// current returns the process's own certificate.
func (i *Identity) current() (*tls.Certificate, error) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if !i.complete() {
		return nil, errNotReady
	}
	return i.leaf, nil
}

// trusted returns the roots that are trusted now.
func (i *Identity) trusted() (*x509.CertPool, error) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if !i.complete() {
		return nil, errNotReady
	}
	now, pool := time.Now(), x509.NewCertPool()
	for _, r := range i.roots {
		if r.until.IsZero() || now.Before(r.until) {
			pool.AddCert(r.certificate)
		}
	}
	return pool, nil
}

// Server returns what a server speaks TLS with. A caller without a certificate gets through, for health checks: who makes
// a call is asked with Service. One with a certificate that is foreign, or over, does not.
func (i *Identity) Server() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return i.current() },
		ClientAuth:     tls.RequestClientCert,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return nil
			}
			return i.verify(state.PeerCertificates, x509.ExtKeyUsageClientAuth)
		},
	}
}

// Client returns what a client of the service named peer speaks TLS with.
func (i *Identity) Client(peer string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return i.current()
		},
		// The names in our certificates are no host names: VerifyConnection checks the chain and the name.
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection: func(state tls.ConnectionState) error {
			if err := i.verify(state.PeerCertificates, x509.ExtKeyUsageServerAuth); err != nil {
				return err
			}
			if name := Service(state); name != peer {
				return fmt.Errorf("certificate: the server is %q, not %q", name, peer)
			}
			return nil
		},
	}
}

// verify checks the chain of a peer: its own certificate first.
func (i *Identity) verify(chain []*x509.Certificate, usage x509.ExtKeyUsage) error {
	roots, err := i.trusted()
	if err != nil {
		return err
	}
	return verifyChain(chain, roots, usage)
}

func verifyChain(chain []*x509.Certificate, roots *x509.CertPool, usage x509.ExtKeyUsage) error {
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: pool(chain[1:]), KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return nil
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range certificates {
		pool.AddCert(c)
	}
	return pool
}

// LeadsTo returns an error unless a certificate, followed by those that lead to its root, was issued under this root. All are
// in PEM.
func LeadsTo(chainPEM, rootPEM string) error {
	chain, err := parse(chainPEM)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	roots, err := parse(rootPEM)
	if err != nil {
		return fmt.Errorf("root certificate: %w", err)
	}
	return verifyChain(chain, pool(roots), x509.ExtKeyUsageServerAuth)
}

// URIs returns the names in a certificate of a service: the one that Service reads.
func URIs(trustDomain, datacenter, service string) []*url.URL {
	return []*url.URL{{Scheme: "spiffe", Host: trustDomain, Path: "/ns/default/dc/" + datacenter + "/svc/" + service}}
}

// The path of a SPIFFE id of Consul's, whose partition stands in Enterprise's only.
var servicePath = regexp.MustCompile(`^(?:/ap/[^/]+)?/ns/[^/]+/dc/[^/]+/svc/([^/]+)$`)

// Service returns the service that the peer of a connection has a certificate of, or "" when it has none.
func Service(state tls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 {
		return ""
	}
	return ServiceOf(state.PeerCertificates[0])
}

// ServiceOf returns the service that a certificate names, or "" when it names none.
func ServiceOf(c *x509.Certificate) string {
	if len(c.URIs) != 1 {
		return ""
	}
	uri := c.URIs[0]
	match := servicePath.FindStringSubmatch(uri.Path)
	if uri.Scheme != "spiffe" || match == nil {
		return ""
	}
	return match[1]
}

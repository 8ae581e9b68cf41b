// Package certificate proves in TLS which service of the shop a process is, and checks which service its peer is. The name of a
// service is the SPIFFE ID in its certificate, in the form that Consul's certificate authority uses:
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

// Root is a trusted root certificate.
type Root struct {
	PEM string
	// Until is the end of the trust; zero means no end.
	Until time.Time
}

// Identity holds a process's own certificate and the roots that it trusts. Both may be replaced at any time, and each new
// connection uses the latest. A watched connection is closed as soon as its peer is no longer trusted.
type Identity struct {
	mu    sync.RWMutex
	leaf  *tls.Certificate
	roots []root
	ready chan struct{}

	watched map[*watchedConn]struct{}
	// retire fires when the trust in the next root ends, and closes connections to peers with certificates of it.
	retire *time.Timer
}

// root is a parsed Root.
type root struct {
	certificate *x509.Certificate
	until       time.Time
}

// New returns an identity without a certificate or trusted roots.
func New() *Identity {
	return &Identity{ready: make(chan struct{}), watched: map[*watchedConn]struct{}{}}
}

// SetLeaf replaces the process's certificate, including the intermediate certificates up to its root, and its private key.
func (i *Identity) SetLeaf(certPEM, keyPEM []byte) error {
	leaf, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	i.replace(func() { i.leaf = &leaf })
	return nil
}

// SetRoots replaces the trusted roots.
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

// parse returns the certificates in a PEM text.
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

// Await returns once the identity has a certificate and roots, or with ctx's error.
func (i *Identity) Await(ctx context.Context) error {
	select {
	case <-i.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errNotReady, ctx.Err())
	}
}

// Expiry returns when the process's own certificate ends, or the zero time without one.
func (i *Identity) Expiry() time.Time {
	leaf, err := i.current()
	if err != nil || leaf.Leaf == nil {
		return time.Time{}
	}
	return leaf.Leaf.NotAfter
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

// Server returns the TLS configuration of a server. It accepts callers without a certificate, because health checks have none;
// Service returns the caller's name. It refuses callers with an untrusted or expired certificate.
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

// Client returns the TLS configuration of a client that calls the service named peer.
func (i *Identity) Client(peer string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return i.current()
		},
		// Our certificates contain no host names, so VerifyConnection checks the chain and the service name instead.
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

// verify checks the certificate chain of a peer, which begins with the peer's own certificate.
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

// LeadsTo returns an error unless the first certificate in chainPEM was issued by the root in rootPEM, directly or through the
// intermediate certificates that follow it.
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

// URIs returns the URIs for a service's certificate: the SPIFFE ID, which Service parses.
func URIs(trustDomain, datacenter, service string) []*url.URL {
	return []*url.URL{{Scheme: "spiffe", Host: trustDomain, Path: "/ns/default/dc/" + datacenter + "/svc/" + service}}
}

// The path of Consul's SPIFFE IDs. Only Consul Enterprise adds a partition (/ap/...).
var servicePath = regexp.MustCompile(`^(?:/ap/[^/]+)?/ns/[^/]+/dc/[^/]+/svc/([^/]+)$`)

// Service returns the service named in the peer's certificate, or "" if the peer has no certificate.
func Service(state tls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 {
		return ""
	}
	return ServiceOf(state.PeerCertificates[0])
}

// ServiceOf returns the service named in a certificate, or "" if it does not name one.
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

// Package certificate is responsible for proving, in TLS, which service of the shop a process is, and for checking which
// one its peer is. A service is named by the SPIFFE id in its certificate, as Consul's own authority issues it:
// spiffe://TRUST-DOMAIN/ns/default/dc/dc1/svc/orders (https://developer.hashicorp.com/consul/docs/connect/ca).
package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sync"
)

var errNotReady = errors.New("no certificate yet")

// Identity is what a process proves itself by, and whom it trusts. Both may be replaced at any time; each new connection
// takes what is there then.
type Identity struct {
	mu    sync.RWMutex
	leaf  *tls.Certificate
	roots *x509.CertPool
	ready chan struct{}
}

// New returns an identity that proves nothing and trusts nobody yet.
func New() *Identity {
	return &Identity{ready: make(chan struct{})}
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
func (i *Identity) SetRoots(pems ...[]byte) error {
	roots := x509.NewCertPool()
	for _, pem := range pems {
		if !roots.AppendCertsFromPEM(pem) {
			return errors.New("root certificates: not in PEM")
		}
	}
	i.replace(func() { i.roots = roots })
	return nil
}

func (i *Identity) replace(set func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	before := i.leaf != nil && i.roots != nil
	set()
	if !before && i.leaf != nil && i.roots != nil {
		close(i.ready)
	}
}

// Await returns when there are a certificate and roots, or with the error of ctx.
func (i *Identity) Await(ctx context.Context) error {
	select {
	case <-i.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errNotReady, ctx.Err())
	}
}

func (i *Identity) current() (*tls.Certificate, *x509.CertPool, error) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if i.leaf == nil || i.roots == nil {
		return nil, nil, errNotReady
	}
	return i.leaf, i.roots, nil
}

// Server returns what a server speaks TLS with. A caller without a certificate gets through, for health checks: who makes
// a call is asked with Service. One with a certificate that is foreign, or over, does not.
func (i *Identity) Server() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { leaf, _, err := i.current(); return leaf, err },
		ClientAuth:     tls.RequestClientCert,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return nil
			}
			return i.verify(state, x509.ExtKeyUsageClientAuth)
		},
	}
}

// Client returns what a client of the service named peer speaks TLS with.
func (i *Identity) Client(peer string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			leaf, _, err := i.current()
			return leaf, err
		},
		// The names in our certificates are no host names: VerifyConnection checks the chain and the name.
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection: func(state tls.ConnectionState) error {
			if err := i.verify(state, x509.ExtKeyUsageServerAuth); err != nil {
				return err
			}
			if name := Service(state); name != peer {
				return fmt.Errorf("certificate: the server is %q, not %q", name, peer)
			}
			return nil
		},
	}
}

func (i *Identity) verify(state tls.ConnectionState, usage x509.ExtKeyUsage) error {
	_, roots, err := i.current()
	if err != nil {
		return err
	}
	intermediates := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	_, err = state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return nil
}

// URIs returns the names in a certificate of a service: the one that Service reads.
func URIs(trustDomain, datacenter, service string) []*url.URL {
	return []*url.URL{{Scheme: "spiffe", Host: trustDomain, Path: "/ns/default/dc/" + datacenter + "/svc/" + service}}
}

// The path of a SPIFFE id of Consul's, whose partition stands in Enterprise's only.
var servicePath = regexp.MustCompile(`^(?:/ap/[^/]+)?/ns/[^/]+/dc/[^/]+/svc/([^/]+)$`)

// Service returns the service that the peer of a connection has a certificate of, or "" when it has none.
func Service(state tls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 || len(state.PeerCertificates[0].URIs) != 1 {
		return ""
	}
	uri := state.PeerCertificates[0].URIs[0]
	match := servicePath.FindStringSubmatch(uri.Path)
	if uri.Scheme != "spiffe" || match == nil {
		return ""
	}
	return match[1]
}

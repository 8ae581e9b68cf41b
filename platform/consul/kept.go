package consul

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"souk/platform/certificate"
)

const (
	certificateFile = "certificate.json"
	// A stored certificate that expires sooner is not used, because Consul may stay down for a while.
	leastLife = 10 * time.Minute
)

// keptCertificate is the content of the file: a process's certificate, its key and the trusted roots.
type keptCertificate struct {
	Certificate, Key string // PEM
	Roots            []certificate.Root
}

// load uses the stored certificate, if there is one and it is still good.
func (c *certifier) load() {
	content, err := c.kept.Read(certificateFile)
	if err == nil && content == nil {
		return
	}
	var kept keptCertificate
	if err == nil {
		kept, err = parseCertificate(content, c.service)
	}
	known := trustOf(kept.Roots, time.Now(), c.grace)
	if err == nil {
		err = c.identity.SetRoots(known.roots()...)
	}
	if err == nil {
		err = c.identity.SetLeaf([]byte(kept.Certificate), []byte(kept.Key))
	}
	if err != nil {
		c.logger.Warn("the kept certificate cannot be used", "error", err)
		return
	}
	c.trust, c.certPEM, c.keyPEM = known, kept.Certificate, kept.Key
	c.logger.Info("the kept certificate is used until consul answers", "service", c.service)
}

func parseCertificate(content []byte, service string) (keptCertificate, error) {
	var kept keptCertificate
	if err := json.Unmarshal(content, &kept); err != nil {
		return kept, errors.New("it is broken") // err is not shown because it could contain parts of the key
	}
	pair, err := tls.X509KeyPair([]byte(kept.Certificate), []byte(kept.Key))
	switch {
	case err != nil:
		return kept, err
	case len(kept.Roots) == 0:
		return kept, errors.New("it has no roots")
	case certificate.ServiceOf(pair.Leaf) != service:
		return kept, fmt.Errorf("it is of %q", certificate.ServiceOf(pair.Leaf))
	case time.Until(pair.Leaf.NotAfter) < leastLife:
		return kept, fmt.Errorf("it ends at %v", pair.Leaf.NotAfter)
	}
	return kept, nil
}

// save stores the certificate, its key, and the trusted roots with the end of their trust, once there is a certificate. A
// process that starts while Consul is down must not trust a root for longer than this process would. The caller holds the lock.
func (c *certifier) save() {
	if c.certPEM == "" {
		return
	}
	content, err := json.Marshal(keptCertificate{Certificate: c.certPEM, Key: c.keyPEM, Roots: c.trust.roots()})
	if err == nil {
		err = c.kept.Write(certificateFile, content)
	}
	if err != nil {
		c.logger.Warn("the certificate is not kept", "error", err)
	}
}

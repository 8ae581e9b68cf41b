package service

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// How often the certificate files are checked for changes. That is often enough, because a certificate is renewed weeks before
// it expires.
const certificateEvery = 2 * time.Second

// keyPair is a certificate chain with its key, read from files that are replaced while the process runs.
type keyPair struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]
	// seen is the hash of the files' last content, valid or not.
	seen [sha256.Size]byte
}

func loadKeyPair(certFile, keyFile string) (*keyPair, error) {
	k := &keyPair{certFile: certFile, keyFile: keyFile}
	_, err := k.reload()
	return k, err
}

// get implements the GetCertificate of a tls.Config.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return k.current.Load(), nil
}

// watch reloads changed files until ctx is done. New connections use the new certificate. If the files are invalid, for example
// because only one of them was replaced so far, watch logs that once and keeps the old certificate.
func (k *keyPair) watch(ctx context.Context, every time.Duration, logger *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch changed, err := k.reload(); {
		case changed && err != nil:
			logger.Error("the new certificate is not used", "error", err)
		case changed:
			logger.Info("the certificate is replaced", "ends", k.current.Load().Leaf.NotAfter)
		}
	}
}

// reload loads the certificate if the files have changed, and reports whether they have.
func (k *keyPair) reload() (changed bool, err error) {
	certPEM, err := os.ReadFile(k.certFile)
	keyPEM, keyErr := os.ReadFile(k.keyFile)
	if err == nil {
		err = keyErr
	}
	sum := sha256.New()
	for _, content := range [][]byte{certPEM, {0}, keyPEM} {
		sum.Write(content)
	}
	seen := [sha256.Size]byte(sum.Sum(nil))
	if seen == k.seen {
		return false, err
	}
	k.seen = seen
	if err != nil {
		return true, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return true, err
	}
	k.current.Store(&pair)
	return true, nil
}

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

// How often the files of a certificate are looked at. A certificate is renewed weeks before it ends.
const certificateEvery = 2 * time.Second

// keyPair is a certificate chain with its key, from files that are replaced while the process runs.
type keyPair struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]
	// seen is the content of the files when they were last read, good or not.
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

// watch reads the files again and again until ctx is done. New connections get what is in them; a pair that is broken, or
// replaced by half, is logged once, and the one before it kept.
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

// reload takes the pair that is in the files, and reports whether they hold another than before.
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

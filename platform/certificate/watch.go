package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"
)

// watchedConn is an open connection to a peer with a verified certificate.
type watchedConn struct {
	net.Conn
	raw      net.Conn
	identity *Identity
	chain    []*x509.Certificate
}

// Watch returns conn, a TLS connection over raw, so that it closes when the root of its peer's certificate is no longer
// trusted. state is the result of the handshake. It returns conn itself if the peer has no certificate.
func (i *Identity) Watch(conn, raw net.Conn, state tls.ConnectionState) net.Conn {
	if len(state.PeerCertificates) == 0 {
		return conn
	}
	w := &watchedConn{Conn: conn, raw: raw, identity: i, chain: state.PeerCertificates}
	i.mu.Lock()
	i.watched[w] = struct{}{}
	i.mu.Unlock()
	w.closeDistrusted() // in case the roots were replaced since the handshake
	return w
}

// Close implements net.Conn.
func (w *watchedConn) Close() error {
	w.identity.mu.Lock()
	delete(w.identity.watched, w)
	w.identity.mu.Unlock()
	return w.Conn.Close()
}

// closeDistrusted closes the connection if its peer is no longer trusted. It closes the raw connection, because the closing
// message of TLS would wait for a peer that does not read.
func (w *watchedConn) closeDistrusted() {
	if w.identity.verify(w.chain, x509.ExtKeyUsageAny) != nil {
		_ = w.raw.Close()
	}
}

// closeDistrusted closes the connections to peers that are no longer trusted, now and again whenever the trust in a root ends.
func (i *Identity) closeDistrusted() {
	i.mu.Lock()
	if i.retire != nil {
		i.retire.Stop()
		i.retire = nil
	}
	if next := i.nextEnd(time.Now()); !next.IsZero() {
		i.retire = time.AfterFunc(time.Until(next), i.closeDistrusted)
	}
	var open []*watchedConn
	for w := range i.watched {
		open = append(open, w)
	}
	i.mu.Unlock()
	for _, w := range open {
		w.closeDistrusted()
	}
}

// nextEnd returns when the trust in the next root ends, or zero if no trust has an end.
func (i *Identity) nextEnd(now time.Time) time.Time {
	var next time.Time
	for _, r := range i.roots {
		if r.until.After(now) && (next.IsZero() || r.until.Before(next)) {
			next = r.until
		}
	}
	return next
}

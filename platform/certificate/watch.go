package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"
)

// watchedConn is an open connection to a peer that proved itself.
type watchedConn struct {
	net.Conn
	raw      net.Conn
	identity *Identity
	chain    []*x509.Certificate
}

// Watch returns conn, whose handshake over raw ended in state, as a connection that ends when the root that vouches for its peer
// is trusted no more. A peer without a certificate is vouched for by none.
func (i *Identity) Watch(conn, raw net.Conn, state tls.ConnectionState) net.Conn {
	if len(state.PeerCertificates) == 0 {
		return conn
	}
	w := &watchedConn{Conn: conn, raw: raw, identity: i, chain: state.PeerCertificates}
	i.mu.Lock()
	i.watched[w] = struct{}{}
	i.mu.Unlock()
	w.closeDistrusted() // the roots may have been replaced since the handshake
	return w
}

// Close implements net.Conn.
func (w *watchedConn) Close() error {
	w.identity.mu.Lock()
	delete(w.identity.watched, w)
	w.identity.mu.Unlock()
	return w.Conn.Close()
}

// closeDistrusted breaks the connection if its peer is trusted no more, without a goodbye: that would wait for a peer that does
// not read.
func (w *watchedConn) closeDistrusted() {
	if w.identity.verify(w.chain, x509.ExtKeyUsageAny) != nil {
		_ = w.raw.Close()
	}
}

// closeDistrusted closes the connections to peers that are trusted no more, now and at the end of each root's time.
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

// nextEnd returns when the next root is trusted no more, or zero if all are for ever.
func (i *Identity) nextEnd(now time.Time) time.Time {
	var next time.Time
	for _, r := range i.roots {
		if r.until.After(now) && (next.IsZero() || r.until.Before(next)) {
			next = r.until
		}
	}
	return next
}

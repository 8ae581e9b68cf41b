package rpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"google.golang.org/grpc/credentials"

	"souk/platform/certificate"
)

// watchedTLS is TLS whose connections close when the peer is no longer trusted.
type watchedTLS struct {
	credentials.TransportCredentials
	identity *certificate.Identity
}

func newWatchedTLS(config *tls.Config, identity *certificate.Identity) credentials.TransportCredentials {
	return watchedTLS{credentials.NewTLS(config), identity}
}

// ClientHandshake implements credentials.TransportCredentials.
func (p watchedTLS) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := p.TransportCredentials.ClientHandshake(ctx, authority, raw)
	return p.watch(conn, raw, info, err)
}

// ServerHandshake implements credentials.TransportCredentials.
func (p watchedTLS) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := p.TransportCredentials.ServerHandshake(raw)
	return p.watch(conn, raw, info, err)
}

// Clone implements credentials.TransportCredentials.
func (p watchedTLS) Clone() credentials.TransportCredentials {
	return watchedTLS{p.TransportCredentials.Clone(), p.identity}
}

func (p watchedTLS) watch(conn, raw net.Conn, info credentials.AuthInfo, err error) (net.Conn, credentials.AuthInfo, error) {
	if err != nil {
		return nil, nil, err
	}
	tlsInfo, ok := info.(credentials.TLSInfo)
	if !ok {
		return nil, nil, fmt.Errorf("handshake: %T instead of TLS", info)
	}
	return p.identity.Watch(conn, raw, tlsInfo.State), info, nil
}

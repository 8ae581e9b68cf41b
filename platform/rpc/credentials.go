package rpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"google.golang.org/grpc/credentials"

	"souk/platform/certificate"
)

// proven is TLS whose connections end when their peer is trusted no more.
type proven struct {
	credentials.TransportCredentials
	identity *certificate.Identity
}

func newProven(config *tls.Config, identity *certificate.Identity) credentials.TransportCredentials {
	return proven{credentials.NewTLS(config), identity}
}

// ClientHandshake implements credentials.TransportCredentials.
func (p proven) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := p.TransportCredentials.ClientHandshake(ctx, authority, raw)
	return p.watch(conn, raw, info, err)
}

// ServerHandshake implements credentials.TransportCredentials.
func (p proven) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := p.TransportCredentials.ServerHandshake(raw)
	return p.watch(conn, raw, info, err)
}

// Clone implements credentials.TransportCredentials.
func (p proven) Clone() credentials.TransportCredentials {
	return proven{p.TransportCredentials.Clone(), p.identity}
}

func (p proven) watch(conn, raw net.Conn, info credentials.AuthInfo, err error) (net.Conn, credentials.AuthInfo, error) {
	if err != nil {
		return nil, nil, err
	}
	tlsInfo, ok := info.(credentials.TLSInfo)
	if !ok {
		return nil, nil, fmt.Errorf("handshake: %T instead of TLS", info)
	}
	return p.identity.Watch(conn, raw, tlsInfo.State), info, nil
}

package consul

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/hashicorp/consul/proto-public/pbconnectca"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"souk/platform/certificate"
	"souk/platform/outage"
)

const (
	signTimeout = 5 * time.Second
	// The gRPC header of the token: https://developer.hashicorp.com/consul/docs/reference/acl/token
	tokenHeader = "x-consul-token"
	// Within this time every process learns of a root that came without notice.
	heardWithin = 10 * time.Second
)

// The pings detect an agent that was paused, because it keeps its connections open. Consul allows no more than one ping in 15 s
// (https://github.com/hashicorp/consul/blob/main/agent/grpc-external/server.go).
var agentAlive = keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}

// Certify keeps identity supplied with a certificate of service and with trusted roots from Consul's certificate authority,
// until ctx is done. Until Consul answers, identity uses those stored in kept, if they are still good. The private key is
// generated here and stored only there. A certificate is renewed after two thirds of its lifetime, and when the authority has a
// new root. A replaced root stays trusted for cfg.RootGrace.
//
// Certify does not use Consul's HTTP API, because that API generates the keys itself, and serves certificates with their keys
// from its cache even to callers without a token: see docs/adr/0007-certificates.md.
func Certify(ctx context.Context, cfg Config, service string, identity *certificate.Identity, kept KeepDir, logger *slog.Logger) error {
	conn, err := dialAuthority(cfg.GRPCAddr)
	if err != nil {
		return fmt.Errorf("consul's authority: %w", err)
	}
	defer func() { _ = conn.Close() }()
	c := &certifier{
		authority: pbconnectca.NewConnectCAServiceClient(conn), token: string(cfg.Token),
		datacenter: cfg.Datacenter, service: service, identity: identity, rotated: make(chan time.Duration, 1),
		grace: cmp.Or(cfg.RootGrace, DefaultRootGrace), kept: kept, logger: logger,
	}
	c.load()
	var done sync.WaitGroup
	done.Go(func() { c.followRoots(ctx) })
	c.renew(ctx)
	done.Wait()
	return nil
}

// dialAuthority returns a connection that is soon restored once Consul is back, and that resolves the address for each attempt.
func dialAuthority(addr string) (*grpc.ClientConn, error) {
	again := grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: retryFirst, Multiplier: 2, Jitter: 0.5, MaxDelay: retryMost},
		MinConnectTimeout: signTimeout,
	}
	return grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(again), grpc.WithKeepaliveParams(agentAlive))
}

type certifier struct {
	authority pbconnectca.ConnectCAServiceClient
	token     string
	// The contents of the certificate.
	datacenter, service string

	identity *certificate.Identity
	// grace is how long a replaced root stays trusted.
	grace  time.Duration
	kept   KeepDir
	logger *slog.Logger

	mu          sync.Mutex
	trustDomain string
	activeRoot  string
	trust       trust
	// The current certificate and its key.
	certPEM, keyPEM string
	// rotated signals that the active root has changed, or is known for the first time. The value is how long to wait before
	// getting a certificate from it.
	rotated chan time.Duration
}

// renew replaces the certificate whenever it is due, until ctx is done.
func (c *certifier) renew(ctx context.Context) {
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	again := outage.Backoff{First: retryFirst, Most: retryMost}
	for {
		select {
		case <-ctx.Done():
			return
		case wait := <-c.rotated:
			if wait > 0 {
				due.Reset(wait)
				continue
			}
		case <-due.C:
		}
		leaf, err := c.sign(ctx)
		if err == nil {
			again.Reset()
			due.Reset(renewIn(leaf, time.Now()))
			c.logger.Info("certified", "service", c.service, "until", leaf.NotAfter)
			continue
		}
		if ctx.Err() == nil {
			c.logger.Warn("not certified", "service", c.service, "error", err)
		}
		due.Reset(again.Next())
	}
}

// renewIn returns how long to wait before renewing a certificate: until two thirds of its lifetime are over, or a random bit
// less, so that processes started together do not renew together.
func renewIn(leaf *x509.Certificate, now time.Time) time.Duration {
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	return max(0, leaf.NotBefore.Add(life*2/3-mathrand.N(life/10)).Sub(now))
}

// sign generates a key, has the authority sign a certificate for it, and uses both. It refuses a certificate that was not
// issued by the active root, because Consul announces a new root a moment before it signs with it, and peers stop trusting the
// old root.
func (c *certifier) sign(ctx context.Context) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, signTimeout)
	defer cancel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	request, err := c.request(key)
	if err != nil {
		return nil, err
	}
	answer, err := c.authority.Sign(c.authorized(ctx), &pbconnectca.SignRequest{Csr: string(request)})
	if err != nil {
		return nil, fmt.Errorf("consul's authority: %w", err)
	}
	c.mu.Lock()
	active := c.trust.active()
	c.mu.Unlock()
	if err := certificate.LeadsTo(answer.GetCertPem(), active); err != nil {
		return nil, fmt.Errorf("consul's authority signed with another root than the active one: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	certPEM, keyPEM := answer.GetCertPem(), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
	if err := c.identity.SetLeaf([]byte(certPEM), []byte(keyPEM)); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.certPEM, c.keyPEM = certPEM, keyPEM
	c.save()
	c.mu.Unlock()
	block, _ := pem.Decode([]byte(certPEM))
	return x509.ParseCertificate(block.Bytes)
}

// request returns a certificate signing request for the service.
func (c *certifier) request(key *ecdsa.PrivateKey) ([]byte, error) {
	c.mu.Lock()
	names := certificate.URIs(c.trustDomain, c.datacenter, c.service)
	c.mu.Unlock()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{URIs: names}, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

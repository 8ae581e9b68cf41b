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
	"souk/platform/keep"
	"souk/platform/outage"
)

const (
	signTimeout = 5 * time.Second
	// https://developer.hashicorp.com/consul/docs/reference/acl/token: the header of gRPC.
	tokenHeader = "x-consul-token"
	// Every process hears in this time of roots that it could not expect.
	heardWithin = 10 * time.Second
)

// An agent that is stopped keeps connections open and says nothing. Consul takes no more than a ping in 15 s
// (https://github.com/hashicorp/consul/blob/main/agent/grpc-external/server.go).
var agentAlive = keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}

// Certify keeps identity a certificate of service and whom to trust, as Consul's certificate authority has it, until ctx
// is done. Until Consul answers they are those in kept, if they are still good. The private key is made here and goes nowhere
// but there. A certificate is renewed when two thirds of its life are over, and when the authority has another root. The root
// before is trusted for cfg.RootGrace more.
//
// Consul's HTTP API hands out keys with certificates, and from its cache also to callers without a token: see docs/adr.
func Certify(ctx context.Context, cfg Config, service string, identity *certificate.Identity, kept keep.Dir, logger *slog.Logger) error {
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

// dialAuthority returns a connection that is tried again soon after Consul is back, and looks its address up each time.
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
	// What the certificate says.
	datacenter, service string

	identity *certificate.Identity
	// grace is for how long a root is trusted once another has taken its place.
	grace  time.Duration
	kept   keep.Dir
	logger *slog.Logger

	mu          sync.Mutex
	trustDomain string
	activeRoot  string
	trust       trust
	// The certificate in force, and its key.
	certPEM, keyPEM string
	// rotated says that there is another active root, the first one included, and how soon to have a certificate of it.
	rotated chan time.Duration
}

// renew keeps the certificate good until ctx is done.
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

// renewIn returns how long after now a certificate is to be renewed: when two thirds of its life are over, or a little
// earlier, so that processes started together do not ask together.
func renewIn(leaf *x509.Certificate, now time.Time) time.Duration {
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	return max(0, leaf.NotBefore.Add(life*2/3-mathrand.N(life/10)).Sub(now))
}

// sign makes a key, has the authority sign a certificate of it, and puts both in force. A certificate of another root than the
// active one is refused, because Consul tells of a new root a moment before it signs with it, and peers stop trusting the old.
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

// request is a signing request for the service.
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

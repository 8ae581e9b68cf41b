package consul

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/consul/proto-public/pbconnectca"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"souk/platform/certificate"
)

const (
	signTimeout = 5 * time.Second
	// https://developer.hashicorp.com/consul/docs/reference/acl/token: the header of gRPC.
	tokenHeader = "x-consul-token"
)

// Certify keeps identity a certificate of service and whom to trust, as Consul's certificate authority has it, until ctx
// is done. The private key is made here and goes nowhere. A certificate is renewed when two thirds of its life are over,
// and when the authority has another root.
//
// Consul's HTTP API hands out keys with certificates, and from its cache also to callers without a token: see docs/adr.
func Certify(ctx context.Context, cfg Config, service string, identity *certificate.Identity, logger *slog.Logger) error {
	client, err := NewClient(cfg.Addr, cfg.Token)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(cfg.GRPCAddr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("consul's authority: %w", err)
	}
	defer func() { _ = conn.Close() }()
	c := &certifier{
		client: client, authority: pbconnectca.NewConnectCAServiceClient(conn), token: string(cfg.Token),
		datacenter: cfg.Datacenter, service: service, identity: identity, rotated: make(chan struct{}, 1),
	}
	var done sync.WaitGroup
	done.Go(func() {
		follow(ctx, logger.With("asked", "root certificates"), c.roots, func(error) {})
	})
	c.renew(ctx, logger)
	done.Wait()
	return nil
}

type certifier struct {
	client    *api.Client
	authority pbconnectca.ConnectCAServiceClient
	token     string
	// What the certificate says.
	datacenter, service string

	identity *certificate.Identity

	mu          sync.Mutex
	trustDomain string
	activeRoot  string
	// rotated says that there is another active root, the first one included.
	rotated chan struct{}
}

// roots waits for the roots to change.
func (c *certifier) roots(opts *api.QueryOptions) (*api.QueryMeta, error) {
	list, meta, err := c.client.Agent().ConnectCARoots(opts)
	if err != nil {
		return nil, err
	}
	var pems [][]byte
	for _, root := range list.Roots {
		pems = append(pems, []byte(root.RootCertPEM))
	}
	if len(pems) == 0 {
		return nil, errors.New("consul has no root certificate")
	}
	if err := c.identity.SetRoots(pems...); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if list.ActiveRootID != c.activeRoot {
		c.activeRoot, c.trustDomain = list.ActiveRootID, list.TrustDomain
		select {
		case c.rotated <- struct{}{}:
		default: // it is to be renewed already
		}
	}
	return meta, nil
}

// renew keeps the certificate good until ctx is done.
func (c *certifier) renew(ctx context.Context, logger *slog.Logger) {
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	wait := retryFirst
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.rotated:
		case <-due.C:
		}
		leaf, err := c.sign(ctx)
		if err == nil {
			wait = retryFirst
			due.Reset(renewIn(leaf, time.Now()))
			logger.Info("certified", "service", c.service, "until", leaf.NotAfter)
			continue
		}
		if ctx.Err() == nil {
			logger.Warn("not certified", "service", c.service, "error", err)
		}
		due.Reset(wait/2 + mathrand.N(wait/2))
		wait = min(wait*2, retryMost)
	}
}

// renewIn returns how long after now a certificate is to be renewed: when two thirds of its life are over, or a little
// earlier, so that processes started together do not ask together.
func renewIn(leaf *x509.Certificate, now time.Time) time.Duration {
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	return max(0, leaf.NotBefore.Add(life*2/3-mathrand.N(life/10)).Sub(now))
}

// sign makes a key, has the authority sign a certificate of it, and puts both in force.
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
	if c.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, tokenHeader, c.token)
	}
	answer, err := c.authority.Sign(ctx, &pbconnectca.SignRequest{Csr: string(request)})
	if err != nil {
		return nil, fmt.Errorf("consul's authority: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	certPEM := []byte(answer.GetCertPem())
	if err := c.identity.SetLeaf(certPEM, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(certPEM)
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

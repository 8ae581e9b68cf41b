package access_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// dialAs returns a connection to a service by its name, made with a certificate of the service self, or without one.
func dialAs(t *testing.T, service, self string) *grpc.ClientConn {
	t.Helper()
	identity, err := authority.Identity(self)
	if err != nil {
		t.Fatal(err)
	}
	tls := identity.Client(service)
	if self == "" {
		tls.GetClientCertificate = nil
	}
	conn, err := grpc.NewClient(addressOf(t, service), grpc.WithTransportCredentials(credentials.NewTLS(tls)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// addressOf asks Consul where a service is.
func addressOf(t *testing.T, service string) string {
	t.Helper()
	resp, err := http.Get("http://" + running.ConsulAddr() + "/v1/health/service/" + service)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var instances []struct {
		Service struct {
			Address string
			Port    int
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&instances); err != nil || len(instances) != 1 {
		t.Fatalf("%d instances of %s: %v", len(instances), service, err)
	}
	return fmt.Sprintf("%s:%d", instances[0].Service.Address, instances[0].Service.Port)
}

package identity

import (
	"crypto/tls"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"souk/deploy/local/stack"
	"souk/platform/access"
	"souk/platform/certificate"
	"souk/testkit/certtest"
)

// caller is someone who calls a service named peer.
type caller struct {
	name        string
	credentials func(t *testing.T, peer string) credentials.TransportCredentials
	want        codes.Code
}

func TestWhoCannotProveWhatTheyAreReachesNoRPC(t *testing.T) {
	callers := []caller{
		{"in plain text", plain, codes.Unavailable},
		{"without a certificate", nobody, codes.Unauthenticated},
		{"with a foreign certificate", foreign, codes.Unavailable},
		{"with an expired certificate", expired, codes.Unavailable},
		{"by a name that is no service's", known("intruder"), codes.PermissionDenied},
	}
	refused := 0
	for service, process := range services() {
		allowed, err := access.CallersOf(service)
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Clone(callers)
		for _, name := range append(slices.Clone(stack.Services), stack.Gateway, stack.Audit) {
			if !slices.Contains(allowed, name) {
				all = append(all, caller{"as " + name, known(name), codes.PermissionDenied})
			}
		}
		address := addressOf(t, process)
		for _, c := range all {
			conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(c.credentials(t, process)))
			if err != nil {
				t.Fatal(err)
			}
			for i := range service.Methods().Len() {
				method := "/" + string(service.FullName()) + "/" + string(service.Methods().Get(i).Name())
				if err := conn.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{}); status.Code(err) != c.want {
					t.Errorf("%s %s: %v, want %s", method, c.name, err, c.want)
				}
				refused++
			}
			_ = conn.Close()
		}
		// Whoever may call gets past the certificate, so that it is that which was refused above.
		admitted(t, address, process, allowed, "/"+string(service.FullName())+"/"+string(service.Methods().Get(0).Name()))
	}
	t.Logf("measured: %d calls to %d gRPC services refused, by their caller's certificate", refused, len(services()))
}

func admitted(t *testing.T, address, process string, allowed []string, method string) {
	t.Helper()
	for _, name := range allowed {
		conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(known(name)(t, process)))
		if err != nil {
			t.Fatal(err)
		}
		err = conn.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{})
		if message := status.Convert(err).Message(); status.Code(err) == codes.Unavailable || message == method+" is not for "+name {
			t.Errorf("%s as %s: %v", method, name, err)
		}
		_ = conn.Close()
	}
}

func plain(*testing.T, string) credentials.TransportCredentials {
	return insecure.NewCredentials()
}

func nobody(*testing.T, string) credentials.TransportCredentials {
	return credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true})
}

// known is a service with a certificate of the shop's authority.
func known(name string) func(*testing.T, string) credentials.TransportCredentials {
	return func(t *testing.T, peer string) credentials.TransportCredentials {
		t.Helper()
		identity, err := authority.Identity(name)
		if err != nil {
			t.Fatal(err)
		}
		return credentials.NewTLS(identity.Client(peer))
	}
}

// foreign calls itself the gateway by a certificate of another authority.
func foreign(t *testing.T, peer string) credentials.TransportCredentials {
	t.Helper()
	other, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	return issued(t, other, time.Now().Add(time.Hour), peer)
}

// expired has a certificate as the gateway that is over.
func expired(t *testing.T, peer string) credentials.TransportCredentials {
	t.Helper()
	return issued(t, authority, time.Now().Add(-time.Second), peer)
}

func issued(t *testing.T, by *certtest.Authority, until time.Time, peer string) credentials.TransportCredentials {
	t.Helper()
	certPEM, keyPEM, err := by.Issue("gateway", until)
	identity := certificate.New()
	if err := errors.Join(err, identity.SetLeaf(certPEM, keyPEM), identity.SetRoots(authority.Root())); err != nil {
		t.Fatal(err)
	}
	return credentials.NewTLS(identity.Client(peer))
}

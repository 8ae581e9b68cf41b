package grpcapi_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	accessv1 "souk/proto/gen/souk/access/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
	"souk/platform/grpctest"
	"souk/platform/mongotest"
	"souk/platform/rpc"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/grpcapi"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

const (
	email    = "ada@example.com"
	password = "correct horse"
)

// bundle is the service behind its real interceptors.
type bundle struct {
	customersv1.CustomersServiceClient
	keys accessv1.KeysServiceClient
	// stop ends the server; log may be read then.
	stop func()
	log  *bytes.Buffer
}

func setup(t *testing.T) *bundle {
	t.Helper()
	store := mongo.New(mongotest.New(t))
	key, err := store.SigningKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	issuer, log := token.NewIssuer(key), &bytes.Buffer{}
	guard := access.NewGuard(access.NewVerifier(issuer))
	server := rpc.NewServer(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), guard)
	customersv1.RegisterCustomersServiceServer(server, grpcapi.New(customers.New(store, issuer)))
	accessv1.RegisterKeysServiceServer(server, grpcapi.NewKeys(issuer))
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///customers", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &bundle{
		CustomersServiceClient: customersv1.NewCustomersServiceClient(conn), keys: accessv1.NewKeysServiceClient(conn),
		stop: server.GracefulStop, log: log,
	}
}

// signIn opens an account and a session, and returns the context of its calls.
func (b *bundle) signIn(t *testing.T, email string) (context.Context, *customersv1.Session) {
	t.Helper()
	if _, err := b.Register(t.Context(), &customersv1.RegisterRequest{Email: email, Password: password, Name: "Ada"}); err != nil {
		t.Fatal(err)
	}
	answer, err := b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return as(t, answer.GetSession()), answer.GetSession()
}

func as(t *testing.T, session *customersv1.Session) context.Context {
	t.Helper()
	return access.Outgoing(access.WithToken(t.Context(), session.GetAccessToken()), "gateway")
}

func TestAnAccountFromRegistrationToLogout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, session := b.signIn(t, email)
	if session.GetExpiresIn() != 900 || session.GetCustomer().GetEmail() != email {
		t.Errorf("session = %v, want 15 minutes for %s", session, email)
	}
	name := " Ada Lovelace "
	if _, err := b.UpdateMe(ctx, &customersv1.UpdateMeRequest{Name: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.UpdateMe(ctx, &customersv1.UpdateMeRequest{}); err != nil {
		t.Errorf("an update of nothing: %v", err)
	}
	me, err := b.GetMe(ctx, &customersv1.GetMeRequest{})
	if got := me.GetCustomer(); err != nil || got.GetName() != "Ada Lovelace" || len(got.GetRoles()) != 1 || got.GetRoles()[0] != "customer" {
		t.Errorf("me = %v, %v; want Ada Lovelace, a customer", got, err)
	}
	refreshed, err := b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: session.GetRefreshToken()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Logout(as(t, refreshed.GetSession()), &customersv1.LogoutRequest{}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: refreshed.GetSession().GetRefreshToken()})
	grpctest.Expect(t, "refresh after logout", err, codes.Unauthenticated, "INVALID_REFRESH_TOKEN")
}

func TestErrorsCarryTheirReasons(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, _ := b.signIn(t, email)
	_, err := b.Register(t.Context(), &customersv1.RegisterRequest{Email: " ADA@example.com", Password: password, Name: "Ada"})
	grpctest.Expect(t, "a taken e-mail", err, codes.AlreadyExists, "EMAIL_TAKEN")
	_, err = b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: "wrong password"})
	grpctest.Expect(t, "a wrong password", err, codes.Unauthenticated, "INVALID_CREDENTIALS")
	_, unknown := b.Login(t.Context(), &customersv1.LoginRequest{Email: "nobody@example.com", Password: password})
	if unknown.Error() != err.Error() {
		t.Errorf("an unknown e-mail is told %v and a wrong password %v", unknown, err)
	}
	_, err = b.Register(t.Context(), &customersv1.RegisterRequest{})
	grpctest.Expect(t, "an empty registration", err, codes.InvalidArgument, rpc.ReasonValidation)
	if got := rpc.Violations(err); len(got) != 3 {
		t.Errorf("violations = %v, want email, password and name", got)
	}
	_, err = b.GetMe(t.Context(), &customersv1.GetMeRequest{})
	grpctest.Expect(t, "a call without a token", err, codes.Unauthenticated, "")
	_, err = b.UpdateAddress(ctx, &customersv1.UpdateAddressRequest{})
	grpctest.Expect(t, "no address", err, codes.InvalidArgument, rpc.ReasonValidation)
}

func TestAddressesBelongToTheirCustomer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, _ := b.signIn(t, email)
	bob, _ := b.signIn(t, "bob@example.com")
	home := &customersv1.Address{
		Id: "ignored", Name: "Ada", Line1: "1 Market Street", Line2: "Flat 2", City: "Leeds", Region: "West Yorkshire", PostalCode: "LS1 6DT", Country: "GB",
	}
	created, err := b.CreateAddress(ada, &customersv1.CreateAddressRequest{Address: home})
	if err != nil || uuid.Validate(created.GetAddress().GetId()) != nil {
		t.Fatalf("create: %v, %v; want an id of its own", created, err)
	}
	home = created.GetAddress()
	home.City = "York"
	if _, err := b.UpdateAddress(ada, &customersv1.UpdateAddressRequest{Address: home}); err != nil {
		t.Fatal(err)
	}
	got, err := b.GetAddress(ada, &customersv1.GetAddressRequest{Id: home.GetId()})
	if err != nil || got.GetAddress().String() != home.String() {
		t.Errorf("address = %v, %v; want %v", got, err, home)
	}
	_, err = b.GetAddress(bob, &customersv1.GetAddressRequest{Id: home.GetId()})
	grpctest.Expect(t, "another's address", err, codes.NotFound, "ADDRESS_NOT_FOUND")
	_, err = b.UpdateAddress(bob, &customersv1.UpdateAddressRequest{Address: home})
	grpctest.Expect(t, "changing another's address", err, codes.NotFound, "ADDRESS_NOT_FOUND")
	_, err = b.DeleteAddress(bob, &customersv1.DeleteAddressRequest{Id: home.GetId()})
	grpctest.Expect(t, "deleting another's address", err, codes.NotFound, "ADDRESS_NOT_FOUND")
	if _, err := b.DeleteAddress(ada, &customersv1.DeleteAddressRequest{Id: home.GetId()}); err != nil {
		t.Fatal(err)
	}
	list, err := b.ListAddresses(ada, &customersv1.ListAddressesRequest{})
	if err != nil || len(list.GetAddresses()) != 0 {
		t.Errorf("list = %v, %v; want none", list, err)
	}
}

func TestThePublishedKeyVerifiesAccessTokens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, session := b.signIn(t, email)
	answer, err := b.keys.ListKeys(t.Context(), &accessv1.ListKeysRequest{})
	if err != nil || len(answer.GetKeys()) != 1 {
		t.Fatalf("keys = %v, %v; want one", answer, err)
	}
	key := answer.GetKeys()[0]
	var claims access.Claims
	parsed, err := jwt.ParseWithClaims(session.GetAccessToken(), &claims, func(*jwt.Token) (any, error) {
		return ed25519.PublicKey(key.GetEd25519PublicKey()), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Header["kid"] != key.GetId() || parsed.Header["typ"] != "at+jwt" || parsed.Header["alg"] != "EdDSA" {
		t.Errorf("header = %v", parsed.Header)
	}
	if claims.Subject != session.GetCustomer().GetId() || claims.ID == "" || claims.SessionID == "" || claims.NotBefore == nil || claims.IssuedAt == nil {
		t.Errorf("claims = %+v", claims)
	}
}

func TestNoSecretReachesTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, session := b.signIn(t, email)
	_, _ = b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password + "!"})
	_, _ = b.Register(t.Context(), &customersv1.RegisterRequest{Email: "x", Password: password, Name: "Ada"})
	_, _ = b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: session.GetRefreshToken()})
	_, _ = b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: session.GetRefreshToken()})
	b.stop()
	log := b.log.String()
	if !strings.Contains(log, "/souk.customers.v1.CustomersService/Refresh") {
		t.Fatalf("the log does not have the calls: %s", log)
	}
	_, secret, _ := strings.Cut(session.GetRefreshToken(), ".")
	for _, private := range []string{password, secret, session.GetAccessToken(), "argon2id"} {
		if strings.Contains(log, private) {
			t.Errorf("the log shows %q", private)
		}
	}
}

package grpcapi_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"

	accessv1 "souk/proto/gen/souk/access/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
	"souk/platform/certificate"
	"souk/platform/rpc"
	"souk/testkit/certtest"
	"souk/testkit/grpctest"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/grpcapi"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

const (
	email    = "ada@example.com"
	password = "correct horse"
	// What a change of the password makes of it.
	newPassword = "another horse"
)

// bundle is the service behind its real interceptors.
type bundle struct {
	customersv1.CustomersServiceClient
	keys    accessv1.KeysServiceClient
	staff   customersv1.StaffServiceClient
	entry   customersv1.SignInServiceClient
	service *customers.Service
	// stop ends the server; log may be read then.
	stop func()
	log  *bytes.Buffer
}

// setup does what grpctest does, with the issuer's own keys and with a log to read.
func setup(t *testing.T) *bundle {
	t.Helper()
	store := mongo.New(mongotest.New(t))
	issuer, err := token.NewIssuer(t.Context(), store, 30*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	guard := access.NewGuard(access.NewVerifier(issuer))
	server := rpc.NewServer(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), guard, identity(t, authority, "customers"), nil)
	service := customers.New(store, issuer)
	customersv1.RegisterCustomersServiceServer(server, grpcapi.New(service))
	customersv1.RegisterStaffServiceServer(server, grpcapi.NewStaff(service))
	customersv1.RegisterSignInServiceServer(server, grpcapi.NewSignIn(service, true))
	accessv1.RegisterKeysServiceServer(server, grpcapi.NewKeys(issuer))
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	gateway := credentials.NewTLS(identity(t, authority, "gateway").Client("customers"))
	conn, err := grpc.NewClient("passthrough:///customers", grpc.WithTransportCredentials(gateway),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &bundle{
		CustomersServiceClient: customersv1.NewCustomersServiceClient(conn), keys: accessv1.NewKeysServiceClient(conn),
		entry:   customersv1.NewSignInServiceClient(conn),
		staff:   customersv1.NewStaffServiceClient(conn),
		service: service, stop: server.GracefulStop, log: log,
	}
}

func identity(t *testing.T, authority *certtest.Authority, service string) *certificate.Identity {
	t.Helper()
	identity, err := authority.Identity(service)
	if err != nil {
		t.Fatal(err)
	}
	return identity
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
	return access.Outgoing(access.WithToken(t.Context(), session.GetAccessToken()))
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
	grpctest.Expect(t, "an empty registration", err, codes.InvalidArgument, "VALIDATION_FAILED")
	if got := rpc.Violations(err); len(got) != 3 {
		t.Errorf("violations = %v, want email, password and name", got)
	}
	_, err = b.GetMe(t.Context(), &customersv1.GetMeRequest{})
	grpctest.Expect(t, "a call without a token", err, codes.Unauthenticated, "")
	_, err = b.UpdateAddress(ctx, &customersv1.UpdateAddressRequest{})
	grpctest.Expect(t, "no address", err, codes.InvalidArgument, "VALIDATION_FAILED")
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

func TestAPasswordIsChangedAndAnAccountDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, session := b.signIn(t, email)
	other, err := b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	change := &customersv1.ChangePasswordRequest{CurrentPassword: "wrong password", NewPassword: newPassword}
	_, err = b.ChangePassword(ctx, change)
	grpctest.Expect(t, "a change with a wrong password", err, codes.InvalidArgument, "VALIDATION_FAILED")
	change.CurrentPassword = password
	if _, err := b.ChangePassword(ctx, change); err != nil {
		t.Fatal(err)
	}
	_, err = b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: other.GetSession().GetRefreshToken()})
	grpctest.Expect(t, "refresh of another session", err, codes.Unauthenticated, "INVALID_REFRESH_TOKEN")
	if _, err := b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: session.GetRefreshToken()}); err != nil {
		t.Errorf("refresh of the session where the password was changed: %v", err)
	}
	_, err = b.PrepareDeletion(ctx, &customersv1.PrepareDeletionRequest{Password: password})
	grpctest.Expect(t, "preparing with the old password", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = b.DeleteAccount(ctx, &customersv1.DeleteAccountRequest{Password: password})
	grpctest.Expect(t, "deletion with the old password", err, codes.InvalidArgument, "VALIDATION_FAILED")
	for range 2 {
		if _, err := b.PrepareDeletion(ctx, &customersv1.PrepareDeletionRequest{Password: newPassword}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.DeleteAccount(ctx, &customersv1.DeleteAccountRequest{Password: newPassword}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.GetMe(ctx, &customersv1.GetMeRequest{})
	grpctest.Expect(t, "a call for a deleted account", err, codes.Unauthenticated, "CUSTOMER_NOT_FOUND")
}

func TestAnAccountOfStaffIsNotDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.service.EnsureStaff(t.Context(), email, password); err != nil {
		t.Fatal(err)
	}
	staff, err := b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.PrepareDeletion(as(t, staff.GetSession()), &customersv1.PrepareDeletionRequest{Password: password})
	grpctest.Expect(t, "preparing", err, codes.FailedPrecondition, "STAFF_ACCOUNT")
	_, err = b.DeleteAccount(as(t, staff.GetSession()), &customersv1.DeleteAccountRequest{Password: password})
	grpctest.Expect(t, "deletion", err, codes.FailedPrecondition, "STAFF_ACCOUNT")
}

// More logins at once than one process has running and waiting. Those in the queue are given up once it is known to be full.
func TestALoginBeyondTheQueueIsToldThatTheServiceIsBusy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answers := make(chan error, 3*(runtime.GOMAXPROCS(0)+64))
	for range cap(answers) {
		go func() {
			_, err := b.Login(ctx, &customersv1.LoginRequest{Email: "no e-mail", Password: password})
			answers <- err
		}()
	}
	for range cap(answers) {
		if err := <-answers; rpc.Reason(err) != "INVALID_CREDENTIALS" {
			grpctest.Expect(t, "a login too many", err, codes.ResourceExhausted, "BUSY")
			return
		}
	}
	t.Error("no login was too many")
}

func TestNoSecretReachesTheLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, session := b.signIn(t, email)
	_, _ = b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password + "!"})
	_, _ = b.Register(t.Context(), &customersv1.RegisterRequest{Email: "x", Password: password, Name: "Ada"})
	_, _ = b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: session.GetRefreshToken()})
	_, _ = b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: session.GetRefreshToken()})
	_, _ = b.ChangePassword(as(t, session), &customersv1.ChangePasswordRequest{CurrentPassword: password, NewPassword: newPassword})
	_, _ = b.DeleteAccount(as(t, session), &customersv1.DeleteAccountRequest{Password: newPassword})
	b.stop()
	log := b.log.String()
	if !strings.Contains(log, "/souk.customers.v1.CustomersService/Refresh") {
		t.Fatalf("the log does not have the calls: %s", log)
	}
	_, secret, _ := strings.Cut(session.GetRefreshToken(), ".")
	for _, private := range []string{password, newPassword, email, secret, session.GetAccessToken(), "argon2id"} {
		if strings.Contains(log, private) {
			t.Errorf("the log shows %q", private)
		}
	}
}

func TestStaffFindAnAccountByItsEmail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	customerContext, session := b.signIn(t, email)
	if err := b.service.EnsureStaff(t.Context(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	tokens, err := b.service.SignIn(t.Context(), customers.Credentials{Email: "boss@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	ctx := access.Outgoing(access.WithToken(t.Context(), string(tokens.Access)))
	for address, want := range map[string]string{strings.ToUpper(email): session.GetCustomer().GetId(), "nobody@example.com": "", "x": ""} {
		found, err := b.GetCustomerByEmail(ctx, &customersv1.GetCustomerByEmailRequest{Email: address})
		if err != nil || found.GetCustomerId() != want {
			t.Errorf("%s: %v, %v; want %q", address, found, err, want)
		}
	}
	_, err = b.GetCustomerByEmail(customerContext, &customersv1.GetCustomerByEmailRequest{Email: email})
	grpctest.Expect(t, "a customer who looks for another", err, codes.PermissionDenied, "")
}

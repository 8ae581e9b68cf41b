package grpcapi_test

import (
	"context"
	"log/slog"
	"testing"

	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"

	"souk/services/customers/internal/customers"
)

// post keeps the last token of each kind.
type post map[customers.MailKind]string

func (p post) Send(_ context.Context, l customers.Letter) error {
	p[l.Kind] = string(l.Token)
	return nil
}

func TestTokensOfMailsWorkOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sent := post{}
	b.service.SendThrough(sent, slog.New(slog.DiscardHandler))
	ctx, session := b.signIn(t, email)
	if session.GetCustomer().GetEmailVerified() {
		t.Error("a new account is verified")
	}
	if _, err := b.RequestEmailVerification(ctx, &customersv1.RequestEmailVerificationRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RequestPasswordReset(t.Context(), &customersv1.RequestPasswordResetRequest{Email: " ADA@example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := b.service.SendMails(t.Context()); err != nil {
		t.Fatal(err)
	}
	verify := func() error {
		_, err := b.VerifyEmail(t.Context(), &customersv1.VerifyEmailRequest{Token: sent[customers.ConfirmEmail]})
		return err
	}
	reset := func(password string) error {
		_, err := b.ResetPassword(t.Context(), &customersv1.ResetPasswordRequest{Token: sent[customers.ResetPassword], Password: password})
		return err
	}
	err := reset("short")
	grpctest.Expect(t, "a short password", err, codes.InvalidArgument, "VALIDATION_FAILED")
	if got := rpc.Violations(err); len(got) != 1 || got[0].Field != "password" {
		t.Errorf("violations = %v, want password", got)
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	if err := reset(newPassword); err != nil {
		t.Fatal(err)
	}
	grpctest.Expect(t, "a used confirmation", verify(), codes.FailedPrecondition, "INVALID_MAIL_TOKEN")
	grpctest.Expect(t, "a used reset", reset("a third horse"), codes.FailedPrecondition, "INVALID_MAIL_TOKEN")
	me, err := b.GetMe(ctx, &customersv1.GetMeRequest{})
	if err != nil || !me.GetCustomer().GetEmailVerified() {
		t.Errorf("%v, %v", me, err)
	}
	_, err = b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: newPassword})
	if err != nil {
		t.Error(err)
	}
	_, err = b.RequestPasswordReset(t.Context(), &customersv1.RequestPasswordResetRequest{Email: "ada"})
	grpctest.Expect(t, "no address", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = b.RequestEmailVerification(t.Context(), &customersv1.RequestEmailVerificationRequest{})
	grpctest.Expect(t, "a call without a token", err, codes.Unauthenticated, "")
}

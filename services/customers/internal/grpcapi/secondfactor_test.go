package grpcapi_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"
)

func TestASecondFactorIsStartedConfirmedAndRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, _ := b.signIn(t, email)
	_, err := b.ConfirmSecondFactor(ctx, &customersv1.ConfirmSecondFactorRequest{Code: "000000"})
	grpctest.Expect(t, "a confirmation without a start", err, codes.NotFound, "SECOND_FACTOR_NOT_FOUND")
	started, err := b.StartSecondFactor(ctx, &customersv1.StartSecondFactorRequest{})
	if err != nil || started.GetUri() == "" {
		t.Fatal(started, err)
	}
	_, err = b.ConfirmSecondFactor(ctx, &customersv1.ConfirmSecondFactorRequest{Code: "x"})
	grpctest.Expect(t, "a wrong code", err, codes.InvalidArgument, "VALIDATION_FAILED")
	if got := rpc.Violations(err); len(got) != 1 || got[0].Field != "code" {
		t.Errorf("violations = %v, want code", got)
	}
	code, err := totp.GenerateCode(started.GetSecret(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	confirmed, err := b.ConfirmSecondFactor(ctx, &customersv1.ConfirmSecondFactorRequest{Code: code})
	if err != nil || len(confirmed.GetRecoveryCodes()) != 10 {
		t.Fatal(confirmed, err)
	}
	_, err = b.StartSecondFactor(ctx, &customersv1.StartSecondFactorRequest{})
	grpctest.Expect(t, "another start", err, codes.FailedPrecondition, "SECOND_FACTOR_ACTIVE")
	_, err = b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password})
	grpctest.Expect(t, "a login without a code", err, codes.Unauthenticated, "SECOND_FACTOR_REQUIRED")
	_, err = b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password, Code: code})
	grpctest.Expect(t, "a login with a used code", err, codes.Unauthenticated, "INVALID_CREDENTIALS")
	if _, err := b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password, Code: confirmed.GetRecoveryCodes()[0]}); err != nil {
		t.Error(err)
	}
	data, err := b.GetPersonalData(ctx, &customersv1.GetPersonalDataRequest{})
	if err != nil || data.GetSecondFactorSince() == nil || data.GetRecoveryCodesLeft() != 9 || len(data.GetDevices()) != 1 {
		t.Errorf("%v, %v", data, err)
	}
	if _, err := b.RemoveSecondFactor(ctx, &customersv1.RemoveSecondFactorRequest{Password: password, Code: confirmed.GetRecoveryCodes()[1]}); err != nil {
		t.Error(err)
	}
	if _, err := b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password}); err != nil {
		t.Error(err)
	}
}

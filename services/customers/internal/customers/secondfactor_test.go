package customers_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/mongotest"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

// guarded is Ada's account with a second factor.
type guarded struct {
	*customers.Service
	db       *driver.Database
	ada      customers.Customer
	secret   customers.Secret
	recovery []customers.Secret
}

func guard(t *testing.T) guarded {
	t.Helper()
	db := mongotest.New(t)
	g := guarded{Service: on(t, mongo.New(db)), db: db}
	g.ada = register(t, g.Service, "ada@example.com")
	var err error
	if g.secret, _, err = g.StartSecondFactor(t.Context(), g.ada.ID); err != nil {
		t.Fatal(err)
	}
	if g.recovery, err = g.ConfirmSecondFactor(t.Context(), g.ada.ID, g.code(t, 0)); err != nil {
		t.Fatal(err)
	}
	g.forgetSteps(t)
	return g
}

// code returns the code of a step, relative to that of now.
func (g guarded) code(t *testing.T, step int) string {
	t.Helper()
	return codeOf(t, g.secret, step)
}

func codeOf(t *testing.T, secret customers.Secret, step int) string {
	t.Helper()
	code, err := totp.GenerateCode(string(secret), time.Now().Add(time.Duration(step)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// forgetSteps makes every code good again, as if time had passed.
func (g guarded) forgetSteps(t *testing.T) {
	t.Helper()
	update := bson.D{{Key: "$set", Value: bson.D{{Key: "last_step", Value: int64(0)}}}}
	if _, err := g.db.Collection("second_factors").UpdateMany(t.Context(), bson.D{}, update); err != nil {
		t.Fatal(err)
	}
}

func (g guarded) signIn(t *testing.T, password customers.Secret, code string) error {
	t.Helper()
	_, err := g.SignIn(t.Context(), customers.Credentials{Email: g.ada.Email, Password: password, Code: code})
	return err
}

func TestALoginNeedsACodeOnceTheFirstIsConfirmed(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	s := on(t, mongo.New(db))
	ada := register(t, s, "ada@example.com")
	ctx, events := securitytest.Record(t.Context(), t)
	replaced, _, err := s.StartSecondFactor(ctx, ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	secret, uri, err := s.StartSecondFactor(ctx, ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	key, err := otp.NewKeyFromURL(string(uri))
	if err != nil || key.Secret() != string(secret) || key.Issuer() != "Souk" || key.AccountName() != ada.Email || key.Period() != 30 || len(secret) != 32 {
		t.Errorf("%q, %v", string(uri), err)
	}
	login(t, s, ada.Email) // no code is needed yet
	for _, wrong := range []string{"", "000000", codeOf(t, replaced, 0), codeOf(t, secret, -3), codeOf(t, secret, 3)} {
		var invalid *field.Error
		if _, err := s.ConfirmSecondFactor(ctx, ada.ID, wrong); !errors.As(err, &invalid) || invalid.Violations[0].Field != "code" {
			t.Errorf("%q: %v, want a violation of code", wrong, err)
		}
	}
	if n := len(events.Of(t, security.CodeRefused)); n != 5 {
		t.Errorf("%d refusals were logged, want 5", n)
	}
	first := codeOf(t, secret, 0)
	recovery, err := s.ConfirmSecondFactor(ctx, ada.ID, first[:3]+" "+first[3:])
	if err != nil || len(recovery) != 10 {
		t.Fatalf("%d codes, %v", len(recovery), err)
	}
	events.Expect(t, security.SecondFactorAdded, ada.ID)
	signIn := func(password customers.Secret, code string) error {
		_, err := s.SignIn(ctx, customers.Credentials{Email: ada.Email, Password: password, Code: code})
		return err
	}
	for _, test := range []struct {
		password customers.Secret
		code     string
		want     error
	}{
		{password, "", customers.ErrSecondFactorRequired},
		{password, "000000", customers.ErrInvalidCredentials},
		{password, first, customers.ErrInvalidCredentials}, // the code of the confirmation
		{"a guess", "", customers.ErrInvalidCredentials},
		{"a guess", codeOf(t, secret, 1), customers.ErrInvalidCredentials}, // which does not use the code up
		{password, codeOf(t, secret, 1), nil},
	} {
		if err := signIn(test.password, test.code); !errors.Is(err, test.want) {
			t.Errorf("with %q and %q: %v, want %v", string(test.password), test.code, err, test.want)
		}
	}
	if _, _, err := s.StartSecondFactor(ctx, ada.ID); !errors.Is(err, customers.ErrSecondFactorActive) {
		t.Errorf("another start: %v", err)
	}
	if _, err := s.ConfirmSecondFactor(ctx, ada.ID, codeOf(t, secret, 1)); !errors.Is(err, customers.ErrSecondFactorActive) {
		t.Errorf("another confirmation: %v", err)
	}
}

func TestASecondFactorThatWasNotStartedCannotBeConfirmedOrRemoved(t *testing.T) {
	t.Parallel()
	s, _, first := bundle(t)
	id := first.Customer.ID
	if _, err := s.ConfirmSecondFactor(t.Context(), id, "000000"); !errors.Is(err, customers.ErrNoSecondFactor) {
		t.Errorf("confirm: %v", err)
	}
	if err := s.RemoveSecondFactor(t.Context(), id, password, "000000"); !errors.Is(err, customers.ErrNoSecondFactor) {
		t.Errorf("remove: %v", err)
	}
	secret, _, err := s.StartSecondFactor(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveSecondFactor(t.Context(), id, password, codeOf(t, secret, 0)); !errors.Is(err, customers.ErrNoSecondFactor) {
		t.Errorf("remove one that is not confirmed: %v", err)
	}
}

func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	const tries = 50
	g := guard(t)
	if err := g.signIn(t, password, g.code(t, 1)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []int{1, 0, -1} { // an earlier one may have been seen by somebody
		if err := g.signIn(t, password, g.code(t, step)); !errors.Is(err, customers.ErrInvalidCredentials) {
			t.Errorf("after the code of step 1, that of step %d: %v", step, err)
		}
	}
	for what, code := range map[string]string{"a code": "", "a recovery code": string(g.recovery[0])} {
		g.forgetSteps(t)
		if code == "" {
			code = g.code(t, 0)
		}
		var right, wrong atomic.Int64
		var wg sync.WaitGroup
		for range tries {
			wg.Go(func() {
				// Some are refused because too many passwords wait to be checked.
				_, err := g.SignIn(t.Context(), customers.Credentials{Email: g.ada.Email, Password: password, Code: code})
				switch {
				case err == nil:
					right.Add(1)
				case errors.Is(err, customers.ErrInvalidCredentials):
					wrong.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		t.Logf("measured: of %d logins at once with %s, %d worked and %d were refused", tries, what, right.Load(), wrong.Load())
		if right.Load() != 1 || wrong.Load() != tries-1 {
			t.Errorf("%d logins with %s worked and %d were refused, want 1 and %d", right.Load(), what, wrong.Load(), tries-1)
		}
	}
}

func TestEachRecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	g := guard(t)
	for i, code := range g.recovery {
		for _, spelling := range []string{strings.ToLower(string(code)), string(code)} {
			want := customers.ErrInvalidCredentials
			if spelling != string(code) {
				want = nil
			}
			if err := g.signIn(t, password, spelling); !errors.Is(err, want) {
				t.Errorf("code %d: %v, want %v", i, err, want)
			}
		}
	}
	if err := g.signIn(t, password, g.code(t, 0)); err != nil {
		t.Errorf("a code after all recovery codes: %v", err)
	}
}

func TestTheDatabaseHasNoRecoveryCode(t *testing.T) {
	t.Parallel()
	g := guard(t)
	stored, err := g.db.Collection("second_factors").FindOne(t.Context(), bson.D{}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	text := stored.String()
	for _, code := range g.recovery {
		for _, spelling := range []string{string(code), strings.ReplaceAll(string(code), "-", "")} {
			if strings.Contains(text, spelling) {
				t.Errorf("%q is stored", spelling)
			}
		}
	}
}

func TestASecondFactorIsRemovedWithThePasswordAndACode(t *testing.T) {
	t.Parallel()
	for _, with := range []string{"a code", "a recovery code"} {
		g := guard(t)
		ctx, events := securitytest.Record(t.Context(), t)
		code := g.code(t, 1)
		if with == "a recovery code" {
			code = string(g.recovery[3])
		}
		for _, test := range []struct {
			password customers.Secret
			code     string
			field    string
		}{{"a guess", code, "password"}, {password, "", "code"}, {password, "000000", "code"}} {
			var invalid *field.Error
			if err := g.RemoveSecondFactor(ctx, g.ada.ID, test.password, test.code); !errors.As(err, &invalid) || invalid.Violations[0].Field != test.field {
				t.Errorf("%q and %q: %v, want a violation of %s", string(test.password), test.code, err, test.field)
			}
		}
		if err := g.RemoveSecondFactor(ctx, g.ada.ID, password, code); err != nil {
			t.Fatalf("with %s: %v", with, err)
		}
		events.Expect(t, security.SecondFactorRemoved, g.ada.ID)
		login(t, g.Service, g.ada.Email)
		if n := count(t, g.db, "second_factors"); n != 0 {
			t.Errorf("%d are stored", n)
		}
	}
}

func TestANewPasswordByMailKeepsTheSecondFactor(t *testing.T) {
	t.Parallel()
	g := guard(t)
	if err := g.ChangePassword(t.Context(), g.ada.ID, "", password, newPassword); err != nil {
		t.Fatal(err)
	}
	if err := g.signIn(t, newPassword, ""); !errors.Is(err, customers.ErrSecondFactorRequired) {
		t.Errorf("%v, want ErrSecondFactorRequired", err)
	}
}

func TestADeletedAccountLeavesNoSecondFactor(t *testing.T) {
	t.Parallel()
	g := guard(t)
	if err := g.DeleteAccount(t.Context(), g.ada.ID, password); err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.StartSecondFactor(t.Context(), g.ada.ID); !errors.Is(err, customers.ErrNotFound) {
		t.Errorf("start: %v", err)
	}
	if n := count(t, g.db, "second_factors"); n != 0 {
		t.Errorf("%d are stored", n)
	}
}

// Codes are tried one after another, as somebody does who knows the password. How many may be tried is what the gateway limits.
func TestGuessedCodesAreRefused(t *testing.T) {
	t.Parallel()
	const tries = 100
	g := guard(t)
	good := map[string]bool{g.code(t, -1): true, g.code(t, 0): true, g.code(t, 1): true, g.code(t, 2): true}
	ctx, events := securitytest.Record(t.Context(), t)
	var refused int
	for i := range tries {
		code := fmt.Sprintf("%06d", i*7919%1_000_000)
		if good[code] {
			continue
		}
		_, err := g.SignIn(ctx, customers.Credentials{Email: g.ada.Email, Password: password, Code: code})
		if !errors.Is(err, customers.ErrInvalidCredentials) {
			t.Fatalf("%s: %v", code, err)
		}
		refused++
	}
	if n := len(events.Of(t, security.CodeRefused)); n == 0 || n > refused {
		t.Errorf("%d refusals were logged", n)
	}
	t.Logf("measured: %d guessed codes were refused", refused)
	if err := g.signIn(t, password, g.code(t, 0)); err != nil {
		t.Errorf("the right code after the guesses: %v", err)
	}
}

package customers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"souk/platform/secret"
	"souk/platform/security"
)

// ErrInvalidSignInCode is returned for a one-time code that is unknown, used or expired, or whose sign-in another browser started.
var ErrInvalidSignInCode = errors.New("the one-time code is not valid")

const (
	// signInLife is how long somebody may take at the provider, codeLife how long the one-time code is good, and askedLife how long it is
	// good once more was asked for: a code of the second factor, or the link to an account.
	signInLife = 10 * time.Minute
	codeLife   = time.Minute
	askedLife  = 5 * time.Minute
	// ahead is how far the clock of another replica may be ahead.
	ahead = time.Minute
)

// SignIn is a sign-in with a provider that came back. It is stored until signInLife after that, so that no answer counts twice.
type SignIn struct {
	// ID is the hash of the state.
	ID       string
	Provider string
	// BrowserHash is the hash of the secret that the browser has in a cookie.
	BrowserHash string
	// CodeHash is the hash of the one-time code's secret. It is empty before there is a code, and after it was used.
	CodeHash string
	// Claims are kept until the code is used.
	Claims    Claims
	CodeUntil time.Time
	ExpiresAt time.Time
}

// SignIns stores sign-ins.
type SignIns interface {
	// AddSignIn returns ErrChanged if the sign-in came back before.
	AddSignIn(ctx context.Context, signIn SignIn) error
	// GrantSignIn stores the claims and the code.
	GrantSignIn(ctx context.Context, signIn SignIn) error
	// FindSignIn returns ErrInvalidSignInCode for a missing one.
	FindSignIn(ctx context.Context, id string) (SignIn, error)
	// ProlongSignIn stores another CodeUntil.
	ProlongSignIn(ctx context.Context, id string, until time.Time) error
	// UseSignIn forgets the code and the claims, or returns ErrChanged if the code was used before.
	UseSignIn(ctx context.Context, signIn SignIn) error
	// DeleteSignIns deletes those that expired before now.
	DeleteSignIns(ctx context.Context, now time.Time) error
}

// OfferProviders lets people sign in with providers, by their names. page is the page of the storefront that gets the one-time codes. Call it
// before anything else.
func (s *Service) OfferProviders(providers map[string]Provider, page string) {
	s.providers, s.page = providers, page
}

// StartSignIn returns where a browser goes to sign in with a provider, and the secret that it has to bring back, which is the given one if
// there is one: a browser may have started a sign-in before. Nothing is stored. It returns ErrProviderNotFound.
func (s *Service) StartSignIn(ctx context.Context, name string, browser Secret) (location string, kept Secret, err error) {
	provider, ok := s.providers[name]
	if !ok {
		return "", "", ErrProviderNotFound
	}
	if len(browser) != secret.TokenLength {
		browser = Secret(newSecret())
	}
	state := newState(browser, name, time.Now())
	location, err = provider.SignInURL(ctx, proofOf(browser, state))
	if errors.Is(err, ErrProviderAway) {
		return s.failed(ctx, name, err), browser, nil
	}
	return location, browser, err
}

// FinishSignIn asks the provider who it was, and returns where the browser goes: to the page, with a one-time code for RedeemSignIn or
// LinkIdentity, or with an error. It returns ErrProviderNotFound.
func (s *Service) FinishSignIn(ctx context.Context, name string, browser Secret, answer Answer) (location string, err error) {
	provider, ok := s.providers[name]
	if !ok {
		return "", ErrProviderNotFound
	}
	code, err := s.finish(ctx, provider, name, browser, answer)
	switch {
	case errors.Is(err, ErrSignInRefused), errors.Is(err, ErrProviderAway):
		return s.failed(ctx, name, err), nil
	case err != nil:
		return "", err
	case answer.Error != "":
		return s.page + "#error=access_denied", nil
	}
	return s.page + "#" + url.Values{"code": {string(code)}}.Encode(), nil
}

func (s *Service) finish(ctx context.Context, provider Provider, name string, browser Secret, answer Answer) (Secret, error) {
	if browser == "" || !stateOf(browser, name, answer.State, time.Now()) {
		return "", refused("the browser did not start it")
	}
	signIn := SignIn{
		ID: tokenHash(answer.State), Provider: name, BrowserHash: tokenHash(string(browser)), ExpiresAt: now().Add(signInLife + ahead),
	}
	err := s.store.AddSignIn(ctx, signIn)
	if errors.Is(err, ErrChanged) {
		return "", refused("it came back before")
	}
	if err != nil || answer.Error != "" {
		return "", err
	}
	if signIn.Claims, err = provider.Identify(ctx, answer, proofOf(browser, answer.State)); err != nil {
		return "", err
	}
	secret := newSecret()
	signIn.CodeHash, signIn.CodeUntil = tokenHash(secret), now().Add(codeLife)
	return Secret(signIn.ID + "." + secret), s.store.GrantSignIn(ctx, signIn)
}

// refusedError is ErrSignInRefused with a reason, which has no text that somebody typed.
type refusedError string

func refused(reason string) error { return refusedError(reason) }

func (e refusedError) Error() string     { return ErrSignInRefused.Error() + ": " + string(e) }
func (e refusedError) Is(err error) bool { return err == ErrSignInRefused }

// failed logs why a sign-in failed, and returns the page with the error.
func (s *Service) failed(ctx context.Context, name string, err error) string {
	s.logger.WarnContext(ctx, "a sign-in with a provider failed", slog.String("provider", name), slog.String("error", err.Error()))
	if errors.Is(err, ErrProviderAway) {
		return s.page + "#error=provider_unavailable"
	}
	security.Log(ctx, security.ProviderSignInRefused, name)
	return s.page + "#error=sign_in_refused"
}

// findSignIn returns the sign-in that a code belongs to, for the browser that started it.
func (s *Service) findSignIn(ctx context.Context, code, browser Secret) (SignIn, error) {
	id, secret, ok := strings.Cut(string(code), ".")
	if !ok || len(code) > mostToken || browser == "" || len(browser) > mostToken {
		return SignIn{}, refuseSignInCode(ctx, "unknown")
	}
	signIn, err := s.store.FindSignIn(ctx, id)
	if errors.Is(err, ErrInvalidSignInCode) {
		return SignIn{}, refuseSignInCode(ctx, "unknown")
	}
	if err != nil {
		return SignIn{}, err
	}
	right := signIn.CodeHash != "" && same([]byte(signIn.CodeHash), []byte(tokenHash(secret))) &&
		same([]byte(signIn.BrowserHash), []byte(tokenHash(string(browser)))) && signIn.CodeUntil.After(time.Now())
	if !right {
		return SignIn{}, refuseSignInCode(ctx, signIn.Provider)
	}
	return signIn, nil
}

func refuseSignInCode(ctx context.Context, provider string) error {
	security.Log(ctx, security.ProviderSignInRefused, provider)
	return ErrInvalidSignInCode
}

// useSignIn uses a code up.
func (s *Service) useSignIn(ctx context.Context, signIn SignIn) error {
	err := s.store.UseSignIn(ctx, signIn)
	if errors.Is(err, ErrChanged) { // a concurrent request was faster
		return refuseSignInCode(ctx, signIn.Provider)
	}
	return err
}

// prolong gives somebody who was asked for more the time to answer.
func (s *Service) prolong(ctx context.Context, signIn SignIn) error {
	return s.store.ProlongSignIn(ctx, signIn.ID, signIn.ExpiresAt.Add(askedLife-signInLife-ahead))
}

// SweepSignIns deletes sign-ins that have expired, with what the providers told. Several replicas may do so at once.
func (s *Service) SweepSignIns(ctx context.Context) error {
	return s.store.DeleteSignIns(ctx, time.Now())
}

// SweepSignInsEvery is the interval at which to call SweepSignIns.
const SweepSignInsEvery = time.Minute

// A state is random, the time of the start and a code of both with the name of the provider, which only who has the browser's secret can
// make. So a start stores nothing, and whoever starts many fills no database.
func newState(browser Secret, provider string, at time.Time) string {
	random := newSecret() + "." + strconv.FormatInt(at.Unix(), 36)
	return random + "." + derived(browser, "state "+provider+" "+random)
}

// stateOf reports whether a state was made with the browser's secret for a provider, and not too long ago.
func stateOf(browser Secret, provider, state string, at time.Time) bool {
	i := strings.LastIndexByte(state, '.')
	if i < 0 || !same([]byte(state[i+1:]), []byte(derived(browser, "state "+provider+" "+state[:i]))) {
		return false
	}
	_, started, _ := strings.Cut(state[:i], ".")
	seconds, err := strconv.ParseInt(started, 36, 64)
	age := at.Sub(time.Unix(seconds, 0))
	return err == nil && age < signInLife && age > -ahead
}

// proofOf derives what binds a sign-in from the browser's secret, so that the database has none of it.
func proofOf(browser Secret, state string) Proof {
	return Proof{State: state, Nonce: derived(browser, "nonce "+state), Verifier: Secret(derived(browser, "verifier "+state))}
}

func derived(browser Secret, what string) string {
	mac := hmac.New(sha256.New, []byte(browser))
	mac.Write([]byte(what))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

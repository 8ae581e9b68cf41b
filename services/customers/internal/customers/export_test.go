package customers

import (
	"context"
	"time"
)

// Login signs in with a client that does not say what it is.
func (s *Service) Login(ctx context.Context, address string, password Secret) (Tokens, error) {
	return s.SignIn(ctx, Credentials{Email: address, Password: password})
}

// Hurry makes the service try mails again, and take over those of dead processes, after short times.
func (s *Service) Hurry(firstWait, lease time.Duration) { s.firstWait, s.lease = firstWait, lease }

// Mailer returns the service's mailer.
func (s *Service) Mailer() Mailer { return s.mailer }

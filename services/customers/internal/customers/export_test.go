package customers

import "time"

// Hurry makes the service try mails again, and take over those of dead processes, after short times.
func (s *Service) Hurry(firstWait, lease time.Duration) { s.firstWait, s.lease = firstWait, lease }

// Mailer returns the service's mailer.
func (s *Service) Mailer() Mailer { return s.mailer }

package testshop

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"souk/e2e/poll"
	"souk/testkit/inbox"
)

// Mails waits until that many mails with a subject have arrived at an address, and returns them, the oldest first.
func (s *Shop) Mails(ctx context.Context, address, subject string, count int) (found []inbox.Mail, err error) {
	err = poll.Until(ctx, 30*time.Second, func(context.Context) error {
		found = slices.DeleteFunc(s.Stack.Mails().To(address), func(m inbox.Mail) bool { return m.Subject != subject })
		if len(found) < count {
			return fmt.Errorf("%d of %d mails %q arrived", len(found), count, subject)
		}
		return nil
	})
	return found, err
}

// The subjects of mails.
const (
	ConfirmEmail         = "Confirm your e-mail address"
	ResetPassword        = "Set a new password"
	PasswordChanged      = "Your password was changed"
	ChangeEmail          = "Confirm your new e-mail address"
	EmailChangeRequested = "Your e-mail address is to be changed"
	EmailChanged         = "Your e-mail address was changed"
	ReturnReceived       = "We have received your return"
	InviteStaff          = "Your invitation to run the shop"
)

var link = regexp.MustCompile(`(?m)^(\S+)#token=([A-Za-z0-9_-]+)$`)

// MailTokens returns the tokens in all mails so far.
func (s *Shop) MailTokens() (tokens []string) {
	for _, m := range s.Stack.Mails().Mails() {
		if match := link.FindStringSubmatch(m.Text); match != nil {
			tokens = append(tokens, match[2])
		}
	}
	return tokens
}

// MailToken waits for a mail with a subject and returns the page that its link leads to, and its token.
func (s *Shop) MailToken(ctx context.Context, address, subject string) (page, token string, err error) {
	mails, err := s.Mails(ctx, address, subject, 1)
	if err != nil {
		return "", "", err
	}
	match := link.FindStringSubmatch(mails[len(mails)-1].Text)
	if match == nil {
		return "", "", fmt.Errorf("there is no link in the mail %q", subject)
	}
	return match[1], match[2], nil
}

package customers

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"souk/platform/mail"
	"souk/platform/security"
)

// MailKind is what a mail is about. It is stored.
type MailKind string

// The kinds of mails.
const (
	// ConfirmEmail asks the owner of an address to confirm that the account is theirs.
	ConfirmEmail MailKind = "confirm_email"
	// ResetPassword has a link with which a new password can be set.
	ResetPassword MailKind = "reset_password"
	// InviteStaff has a link with which somebody who is to be staff sets a password.
	InviteStaff MailKind = "invite_staff"
	// PasswordChanged tells the owner that the password was changed.
	PasswordChanged MailKind = "password_changed"
	// ChangeEmail has a link that makes the address it is sent to that of the account.
	ChangeEmail MailKind = "change_email"
	// EmailChangeRequested tells the present address that another one was given, and EmailChanged tells the old one that it was replaced.
	EmailChangeRequested MailKind = "email_change_requested"
	EmailChanged         MailKind = "email_changed"
	// NewDevice tells the owner that somebody signed in from a kind of device that was not seen before.
	NewDevice MailKind = "new_device"
	// IdentityLinked tells the owner that the account can be signed in to with a provider, and IdentityUnlinked that it no longer can.
	IdentityLinked   MailKind = "identity_linked"
	IdentityUnlinked MailKind = "identity_unlinked"
)

// Mail is a mail in the outbox. It says what is to be sent to whom; its text and its token are made when it is sent.
type Mail struct {
	// ID is that of the place in the outbox. A mail for a place that is taken is not added, so that nobody gets many mails of one kind.
	ID string
	// MessageID is that of every copy that is sent of this mail.
	MessageID string
	Kind      MailKind
	// CustomerID is the account whose owner gets the mail. It is empty in a request for a new password, which has the Address that somebody
	// typed: whether there is an account is only looked up by SendMails, which then adds the mail. In a mail with a CustomerID, an Address
	// is where to send it, if not to the address that the account has by then.
	CustomerID string
	Address    string
	// PasswordVersion is that of the account after the change that PasswordChanged tells, and when ChangeEmail was asked for.
	PasswordVersion int64
	// Device is what NewDevice tells of.
	Device    string
	CreatedAt time.Time
	// DueAt is when the mail is to be sent, or to be sent again. It also is a lease: whoever sends the mail puts it off first.
	DueAt time.Time
	// Attempts are the attempts that failed, the oldest first.
	Attempts []Attempt
}

// Attempt is a failed attempt to send a mail.
type Attempt struct {
	At     time.Time
	Reason string
}

// Outbox stores mails until they are sent.
type Outbox interface {
	// AddMail adds a mail, unless its place is taken.
	AddMail(ctx context.Context, waiting Mail) error
	// DueMails returns mails that are due, the oldest first, at most limit.
	DueMails(ctx context.Context, now time.Time, limit int) ([]Mail, error)
	// PutOffMail stores another DueAt and Attempts of a mail, or returns ErrChanged if its DueAt is no longer what it was.
	PutOffMail(ctx context.Context, waiting Mail, was time.Time) error
	// RemoveMail removes a mail. Another mail in its place stays.
	RemoveMail(ctx context.Context, waiting Mail) error
	// OldMails returns mails that were added before a time, at most limit.
	OldMails(ctx context.Context, before time.Time, limit int) ([]Mail, error)
}

// Letter is a mail with everything that its text depends on. It has no name and no other text that somebody typed: anyone can open an
// account with a stranger's address, and must not be able to write to that stranger.
type Letter struct {
	MessageID string
	Kind      MailKind
	To        string
	// Token is the secret of the link, if there is one, and TokenLife how long it can be used.
	Token     Secret
	TokenLife time.Duration
	// Device is the kind of device that NewDevice tells of.
	Device string
}

// Mailer sends letters.
type Mailer interface {
	// Send returns mail.ErrAddressRefused or mail.ErrRefused if it makes no sense to try again. No error contains the address or the token.
	Send(ctx context.Context, letter Letter) error
}

const (
	// SendMailsEvery is the interval at which to call SendMails.
	SendMailsEvery = time.Second
	// mailsAtOnce is the number of mails that SendMails reads with one query.
	mailsAtOnce = 50
	// lease is how long a mail is put off by whoever sends it. Sending takes less.
	lease = 2 * time.Minute
	// settleWithin is how long storing the result may take.
	settleWithin = 5 * time.Second
	// announced is how long after the announcement of a change its mail is due, if nobody says sooner that the change was made. The change
	// is made in less time, or fails.
	announced = time.Minute
	// MailLife is how long a mail may wait before it is given up.
	MailLife = 72 * time.Hour
	// The waits between attempts grow from the first to the longest.
	firstWait, longestWait = 15 * time.Second, time.Hour
)

// newMail returns a mail that is due now.
func newMail(kind MailKind, place string) Mail {
	now := now()
	return Mail{ID: string(kind) + " " + place, MessageID: uuid.NewString(), Kind: kind, CreatedAt: now, DueAt: now}
}

// later returns the mail due after announced.
func (m Mail) later() Mail {
	m.DueAt = m.DueAt.Add(announced)
	return m
}

// now returns the time as a store keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

func count(kind MailKind, outcome mail.Outcome) { mail.Count(string(kind), outcome) }

// SendMails sends the mails that are due. Several replicas may do so at once: each mail is sent by the one that puts it off first. If a
// process dies while it sends a mail, another sends the mail again after the lease.
func (s *Service) SendMails(ctx context.Context) error {
	if s.mailer == nil {
		return nil
	}
	for more := true; more; {
		due, err := s.store.DueMails(ctx, time.Now(), mailsAtOnce)
		if err != nil {
			return err
		}
		more = len(due) == mailsAtOnce
		for _, waiting := range due {
			if err := s.claim(ctx, waiting); err != nil {
				return err
			}
			more = more || waiting.CustomerID == "" // its mail may be due now
		}
	}
	return nil
}

// claim sends a mail, unless another replica does.
func (s *Service) claim(ctx context.Context, waiting Mail) error {
	was := waiting.DueAt
	waiting.DueAt = now().Add(s.lease)
	err := s.store.PutOffMail(ctx, waiting, was)
	if errors.Is(err, ErrChanged) {
		return nil
	}
	if err != nil {
		return err
	}
	if waiting.CustomerID == "" {
		return s.grant(ctx, waiting)
	}
	return s.send(ctx, waiting)
}

// grant replaces a request for a new password by a mail to the account's owner, if there is an account.
func (s *Service) grant(ctx context.Context, request Mail) error {
	customer, err := s.named(ctx, request.Address)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && customer.disabled():
		count(request.Kind, mail.Dropped)
	case err != nil:
		return err
	default:
		granted := newMail(request.Kind, customer.ID)
		granted.CustomerID, granted.MessageID = customer.ID, request.MessageID
		if err := s.store.AddMail(ctx, granted); err != nil {
			return err
		}
	}
	return s.store.RemoveMail(ctx, request)
}

// send sends a mail that was put off, and removes it from the outbox or puts it off again.
func (s *Service) send(ctx context.Context, waiting Mail) error {
	letter, customer, err := s.write(ctx, waiting)
	if errors.Is(err, errNothingToTell) {
		count(waiting.Kind, mail.Dropped)
		return s.store.RemoveMail(ctx, waiting)
	}
	if errors.Is(err, errUnknownKind) {
		return s.retry(ctx, waiting, customer.ID, err)
	}
	if err != nil {
		return err
	}
	return s.settle(ctx, waiting, customer, letter.To, s.mailer.Send(ctx, letter))
}

// settle removes a mail that was sent or refused from the outbox, and puts any other off. It marks an account's address that is refused,
// until a mail is sent to it.
func (s *Service) settle(ctx context.Context, waiting Mail, customer Customer, to string, result error) error {
	// If the process stops now, what is known should still be stored.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	refused := errors.Is(result, mail.ErrAddressRefused)
	switch {
	case result == nil:
		count(waiting.Kind, mail.Sent)
	case refused, errors.Is(result, mail.ErrRefused):
		count(waiting.Kind, mail.Refused)
		s.logMail(ctx, "a mail was refused", waiting, customer.ID, result)
	default:
		return s.retry(ctx, waiting, customer.ID, result)
	}
	if to == customer.Email && refused != customer.Mailbox.Refused && (refused || result == nil) {
		if err := s.store.MarkMailbox(ctx, customer, refused); err != nil {
			return err
		}
	}
	return s.store.RemoveMail(ctx, waiting)
}

// retry puts a mail off after a failed attempt.
func (s *Service) retry(ctx context.Context, waiting Mail, customerID string, cause error) error {
	count(waiting.Kind, mail.PutOff)
	was, at := waiting.DueAt, now()
	waiting.DueAt = at.Add(mail.WaitAfter(len(waiting.Attempts), s.firstWait, longestWait))
	waiting.Attempts = append(waiting.Attempts, Attempt{At: at, Reason: cause.Error()})
	s.logMail(ctx, "a mail could not be sent, and waits", waiting, customerID, cause)
	if err := s.store.PutOffMail(ctx, waiting, was); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	return nil
}

// GiveUpMails removes mails that have waited for too long.
func (s *Service) GiveUpMails(ctx context.Context) error {
	for {
		old, err := s.store.OldMails(ctx, time.Now().Add(-MailLife), mailsAtOnce)
		if err != nil {
			return err
		}
		for _, waiting := range old {
			if err := s.store.RemoveMail(ctx, waiting); err != nil {
				return err
			}
			count(waiting.Kind, mail.GivenUp)
			s.logMail(ctx, "a mail has waited too long and was given up", waiting, waiting.CustomerID, nil)
		}
		if len(old) < mailsAtOnce {
			return nil
		}
	}
}

// logMail logs what became of a mail, without its address.
func (s *Service) logMail(ctx context.Context, message string, waiting Mail, customerID string, cause error) {
	attrs := []any{
		slog.String("kind", string(waiting.Kind)), slog.String("message_id", waiting.MessageID), slog.Int("attempts", len(waiting.Attempts)),
	}
	if customerID != "" {
		attrs = append(attrs, slog.String("customer", customerID))
	}
	if cause != nil {
		attrs = append(attrs, slog.String("error", cause.Error()))
	}
	s.logger.WarnContext(ctx, message, attrs...)
}

var (
	// errNothingToTell is returned if there is no reason any more to send a mail, or never was.
	errNothingToTell = errors.New("nothing to tell")
	errUnknownKind   = errors.New("this version does not know the kind of the mail")
)

// write returns a letter for a mail and its receiver. It stores the hash of the letter's token.
func (s *Service) write(ctx context.Context, waiting Mail) (Letter, Customer, error) {
	customer, err := s.receiver(ctx, waiting.CustomerID)
	if errors.Is(err, ErrNotFound) {
		return Letter{}, customer, errNothingToTell
	}
	if err != nil {
		return Letter{}, customer, err
	}
	letter := Letter{MessageID: waiting.MessageID, Kind: waiting.Kind, To: cmp.Or(waiting.Address, customer.Email)}
	switch waiting.Kind {
	case PasswordChanged:
		if customer.PasswordVersion < waiting.PasswordVersion {
			return letter, customer, errNothingToTell // the change failed
		}
		return letter, customer, nil
	case ConfirmEmail:
		if customer.Mailbox.Verified {
			return letter, customer, errNothingToTell
		}
		letter.TokenLife = confirmationLife
	case ResetPassword:
		letter.TokenLife = resetLife
	case EmailChangeRequested, IdentityLinked, IdentityUnlinked:
		return letter, customer, nil
	case NewDevice:
		letter.Device = waiting.Device
		return letter, customer, nil
	case EmailChanged:
		if customer.Email == waiting.Address {
			return letter, customer, errNothingToTell // the change failed
		}
		return letter, customer, nil
	case ChangeEmail:
		if !customer.awaits(waiting) {
			return letter, customer, errNothingToTell
		}
		letter.To, letter.TokenLife = customer.Mailbox.NextAddress, confirmationLife
	case InviteStaff:
		if customer.PasswordVersion < waiting.PasswordVersion || !customer.staff() {
			return letter, customer, errNothingToTell // the change failed, or the account was disabled meanwhile
		}
		letter.TokenLife = invitationLife
	default: // a later version has added it, and may send it
		return letter, customer, errUnknownKind
	}
	letter.Token, err = s.issue(ctx, waiting, customer, letter.TokenLife)
	if errors.Is(err, ErrChanged) {
		return letter, customer, errNothingToTell // the account was deleted meanwhile
	}
	if err == nil && waiting.Kind == ResetPassword {
		security.Log(ctx, security.PasswordResetMailed, customer.ID)
	}
	return letter, customer, err
}

// receiver returns an account with its mailbox, or ErrNotFound. An account without its e-mail address is one that is being created or
// deleted.
func (s *Service) receiver(ctx context.Context, id string) (Customer, error) {
	customer, err := s.store.Find(ctx, id)
	if err != nil {
		return customer, err
	}
	customer.Mailbox, err = s.store.FindMailbox(ctx, customer)
	return customer, err
}

package customers

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
)

// Service implements the operations on accounts and sessions.
type Service struct {
	store  Store
	hasher *Hasher
	tokens TokenIssuer
	// mailer is nil if no mails can be sent.
	mailer Mailer
	logger *slog.Logger
	// audiences are the names of the shop in assertions of clients.
	audiences []string
	// guard withholds guarded scopes from accounts without a second factor.
	guard bool
	// providers are who somebody may sign in with, by their names; page is the page of the storefront that gets the one-time codes.
	providers map[string]Provider
	page      string
	// Tests make these shorter.
	firstWait, lease time.Duration
}

// New returns a service on store. tokens issues its access tokens. Its mails wait in the outbox until SendThrough is called.
func New(store Store, tokens TokenIssuer) *Service {
	return &Service{store: store, hasher: NewHasher(), tokens: tokens, logger: slog.Default(), firstWait: firstWait, lease: lease}
}

// SendThrough makes SendMails send mails, and logs those that cannot be sent. Call it before anything else.
func (s *Service) SendThrough(mailer Mailer, logger *slog.Logger) {
	s.mailer, s.logger = mailer, logger
}

// RequireSecondFactor withholds the scopes that move money or grant roles from accounts without a second factor. Call it before anything
// else.
func (s *Service) RequireSecondFactor() { s.guard = true }

// Register creates an account. It returns a *field.Error for invalid input, and ErrEmailTaken if there is an account for any
// spelling of the e-mail address.
func (s *Service) Register(ctx context.Context, address string, password Secret, name string) (Customer, error) {
	return s.open(ctx, address, password, name, []string{RoleCustomer})
}

func (s *Service) open(ctx context.Context, address string, password Secret, name string, roles []string) (Customer, error) {
	var check field.Checker
	canonical := checkEmail(&check, address)
	checkPassword(&check, "password", password, canonical, name)
	checkName(&check, name)
	if err := check.Err(); err != nil {
		return Customer{}, err
	}
	if _, err := s.named(ctx, address); !errors.Is(err, ErrNotFound) {
		return Customer{}, cmp.Or(err, ErrEmailTaken)
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return Customer{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Customer{}, err
	}
	customer := Customer{
		ID: id.String(), Email: canonical, Name: strings.TrimSpace(name), Roles: roles, PasswordHash: hash,
		CreatedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
	if customer.staff() {
		if err := customer.record(ctx, audit.RoleGranted, roleDetail); err != nil {
			return Customer{}, err
		}
	} else {
		customer.Mails = []Mail{confirmationFor(customer.ID).later()}
	}
	if err := s.store.Insert(ctx, customer); err != nil {
		return customer, err
	}
	security.Log(ctx, security.AccountOpened, customer.ID)
	if customer.staff() {
		security.Log(ctx, security.RoleGranted, customer.ID, slog.String("role", ownerName))
	}
	return customer, nil
}

// Customer returns an account, or ErrNotFound.
func (s *Service) Customer(ctx context.Context, id string) (Customer, error) {
	customer, err := s.store.Find(ctx, id)
	if err != nil {
		return customer, err
	}
	return s.withMailbox(ctx, customer)
}

// withMailbox returns an account with its mailbox, which is empty while the account is being created or deleted.
func (s *Service) withMailbox(ctx context.Context, customer Customer) (Customer, error) {
	mailbox, err := s.store.FindMailbox(ctx, customer)
	if errors.Is(err, ErrNotFound) {
		return customer, nil
	}
	customer.Mailbox = mailbox
	return customer, err
}

// FindByEmail returns the account with an e-mail address in any spelling, or ErrNotFound.
func (s *Service) FindByEmail(ctx context.Context, address string) (Customer, error) {
	return s.named(ctx, address)
}

// Rename changes a customer's name.
func (s *Service) Rename(ctx context.Context, id, name string) (Customer, error) {
	var check field.Checker
	checkName(&check, name)
	if err := check.Err(); err != nil {
		return Customer{}, err
	}
	customer, err := s.change(ctx, id, func(c *Customer) error {
		c.Name = strings.TrimSpace(name)
		return nil
	})
	if err != nil {
		return customer, err
	}
	return s.withMailbox(ctx, customer)
}

// How often a change is tried if others change the same account, and the longest wait between the tries.
const (
	attempts   = 30
	longestNap = 20 * time.Millisecond
)

// change loads an account, edits it, and stores it. If the account was changed meanwhile, it starts over. It returns
// ErrContended after too many tries.
func (s *Service) change(ctx context.Context, id string, edit func(*Customer) error) (Customer, error) {
	for range attempts {
		customer, err := s.store.Find(ctx, id)
		if err != nil {
			return Customer{}, err
		}
		if err := edit(&customer); err != nil {
			return Customer{}, err
		}
		err = s.store.Replace(ctx, customer)
		if !errors.Is(err, ErrChanged) {
			return customer, err
		}
		select {
		case <-ctx.Done():
			return Customer{}, ctx.Err()
		case <-time.After(rand.N(longestNap)):
		}
	}
	return Customer{}, ErrContended
}

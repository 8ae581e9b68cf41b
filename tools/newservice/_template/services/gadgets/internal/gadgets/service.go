package gadgets

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"souk/platform/identifier"
)

// Store keeps gadgets.
type Store interface {
	Insert(ctx context.Context, gadget Gadget) error
	// Find returns a gadget of the customer, or ErrNotFound.
	Find(ctx context.Context, customer, id string) (Gadget, error)
}

// Service is what can be done with gadgets.
type Service struct {
	store Store
}

// New returns a service on store.
func New(store Store) *Service {
	return &Service{store: store}
}

// Create makes a gadget of the customer's.
func (s *Service) Create(ctx context.Context, customer, title string) (Gadget, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Gadget{}, fmt.Errorf("create gadget: %w", err)
	}
	// PostgreSQL keeps microseconds.
	gadget := Gadget{ID: id.String(), CustomerID: customer, Title: title, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	if err := gadget.check(); err != nil {
		return Gadget{}, err
	}
	return gadget, s.store.Insert(ctx, gadget)
}

// Get returns a gadget of the customer, or ErrNotFound.
func (s *Service) Get(ctx context.Context, customer, id string) (Gadget, error) {
	id, ok := identifier.Canonical(id)
	if !ok {
		return Gadget{}, ErrNotFound
	}
	return s.store.Find(ctx, customer, id)
}

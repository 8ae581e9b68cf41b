package recommendations

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"souk/platform/field"

	"souk/services/recommendations/internal/model"
)

const (
	// LearnEvery is how often Learn is to be called.
	LearnEvery = 500 * time.Millisecond
	// learnPage is how many baskets are read at once.
	learnPage = 1000
	// MostBaskets is how many baskets a process knows, the newest ones. They take some 50 MB with ten products each.
	MostBaskets = 200_000
	// MaxProducts is how many products a question may name, as many as a cart has lines at most.
	MaxProducts = 2000
	// MaxRecommended is the longest list that may be asked for.
	MaxRecommended = 100
)

// Service recommends products. Follow and Learn must each be called by one goroutine.
type Service struct {
	store Store
	sales Sales
	most  int
	// model answers; it is nil until Learn has ended once.
	model atomic.Pointer[model.Model]
	// learning is what Learn teaches: model, or a new one until that knows as much.
	learning *model.Model
	learned  Learned
}

// New returns a service that knows as many baskets as most.
func New(store Store, sales Sales, most int) *Service {
	return &Service{store: store, sales: sales, most: most}
}

// Ready returns an error until the process has learned for the first time.
func (s *Service) Ready(context.Context) error {
	if s.model.Load() == nil {
		return errors.New("nothing is learned yet")
	}
	return nil
}

// Recommend returns up to limit products that were bought together with those named, the best first, and none of those. It returns a
// *field.Error.
func (s *Service) Recommend(products []string, limit int) ([]string, error) {
	var c field.Checker
	c.Check(len(products) <= MaxProducts, "product_ids", fmt.Sprintf("must be %d at most", MaxProducts))
	c.Check(limit >= 1 && limit <= MaxRecommended, "limit", fmt.Sprintf("must be 1 to %d", MaxRecommended))
	if err := c.Err(); err != nil {
		return nil, err
	}
	m := s.model.Load()
	if m == nil {
		return nil, nil
	}
	return m.Recommend(products, limit), nil
}

// Learn learns the baskets that were stored since the last time.
func (s *Service) Learn(ctx context.Context) error {
	if s.learning == nil || s.learning.Baskets() > s.most+s.most/4 {
		if err := s.startOver(ctx); err != nil {
			return err
		}
	}
	for {
		page, err := s.store.Next(ctx, s.learned, learnPage)
		if err != nil {
			return fmt.Errorf("learn: %w", err)
		}
		if page.Learned.Rebuild != s.learned.Rebuild {
			if err := s.startOver(ctx); err != nil {
				return err
			}
			continue
		}
		for _, b := range page.Baskets {
			s.learning.Learn(b.OrderID, b.Products)
		}
		s.learned = page.Learned
		if len(page.Baskets) < learnPage {
			// After a rebuild the old model answers until the new one knows all.
			if page.Complete || s.model.Load() == nil {
				s.model.Store(s.learning)
			}
			return nil
		}
	}
}

// startOver begins a new model with the newest baskets.
func (s *Service) startOver(ctx context.Context) error {
	start, err := s.store.Before(ctx, s.most)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	s.learning, s.learned = model.New(model.Chosen), start
	return nil
}

// Rebuild forgets everything, so that Follow begins with the first sale again.
func (s *Service) Rebuild(ctx context.Context) error {
	return s.store.Forget(ctx)
}

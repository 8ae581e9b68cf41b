package catalog

import (
	"context"
	"slices"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
)

// Status says who sees a product, and where.
type Status string

const (
	// Active products are listed and sold.
	Active Status = "active"
	// Unlisted products are sold, but in no list: only who has their address finds them.
	Unlisted Status = "unlisted"
	// Draft products are seen by staff alone.
	Draft Status = "draft"
	// Scheduled products are drafts that become active by themselves.
	Scheduled Status = "scheduled"
	// Withdrawn products were taken off sale.
	Withdrawn Status = "withdrawn"
)

// PublishEvery is the interval at which to call PublishDue.
const PublishEvery = time.Second

// OnSale reports whether shoppers can see and buy products of this status.
func (s Status) OnSale() bool { return s == Active || s == Unlisted }

// checkStatus checks the status that staff give a product, and its time of publishing.
func (c Content) checkStatus(check *field.Checker) {
	known := slices.Contains([]Status{Active, Unlisted, Draft, Scheduled, Withdrawn}, c.Status)
	check.Check(known, "status", "must be active, unlisted, draft or scheduled")
	if c.Status == Scheduled {
		check.Check(c.PublishAt != nil, "publish_at", "is required for a scheduled product")
	} else {
		check.Check(c.PublishAt == nil, "publish_at", "is for a scheduled product alone")
	}
}

// checkSchedule requires a time of publishing in the future, unless it is that of before.
func (c Content) checkSchedule(before Content, now time.Time) error {
	if c.Status != Scheduled || c.PublishAt == nil || c.PublishAt.After(now) {
		return nil
	}
	if before.PublishAt != nil && before.PublishAt.Equal(*c.PublishAt) {
		return nil
	}
	return field.Invalid("publish_at", "must be in the future")
}

// AnyProduct returns a product of any status by its ID, or ErrNotFound.
func (s *Service) AnyProduct(ctx context.Context, id string) (Product, error) {
	if !identifier.Valid(id) {
		return Product{}, ErrNotFound
	}
	return s.store.AnyByID(ctx, id)
}

// Withdraw takes a product off sale. It does nothing if the product is already withdrawn, and returns ErrNotFound if it never
// existed.
func (s *Service) Withdraw(ctx context.Context, id string) error {
	if !identifier.Valid(id) {
		return ErrNotFound
	}
	return s.store.Withdraw(ctx, id, now())
}

// Restore makes a withdrawn product active, and returns it. It does nothing if the product is not withdrawn, and returns
// ErrNotFound if it never existed.
func (s *Service) Restore(ctx context.Context, id string) (Product, error) {
	if !identifier.Valid(id) {
		return Product{}, ErrNotFound
	}
	if err := s.store.Restore(ctx, id, now()); err != nil {
		return Product{}, err
	}
	return s.store.AnyByID(ctx, id)
}

// PublishDue makes scheduled products active whose time has come. Several replicas may do so at once.
func (s *Service) PublishDue(ctx context.Context) error {
	return untilNone(ctx, func(ctx context.Context) (int, error) { return s.store.PublishDue(ctx, now()) })
}

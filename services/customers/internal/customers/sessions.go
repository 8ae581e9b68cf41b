package customers

import (
	"context"
	"time"

	"souk/platform/security"
)

// SessionLists stores sessions so that their owner can look at them.
type SessionLists interface {
	// OpenSessions returns the sessions of a customer that can be refreshed at a time (keeps), the newest first, at most limit. If before is
	// not empty, it returns only those older than the session with that ID.
	OpenSessions(ctx context.Context, customer Customer, at time.Time, before string, limit int) ([]Session, error)
	// DeleteSessionOf deletes a session of a customer, or returns ErrSessionNotFound.
	DeleteSessionOf(ctx context.Context, customerID, sessionID string) error
}

// Sessions returns a page of the customer's sessions that can still be refreshed, the newest first, and the cursor of the next page, which
// is empty on the last one. It returns a *field.Error for an invalid limit, and ErrBadCursor.
func (s *Service) Sessions(ctx context.Context, id string, limit int, cursor string) (page []Session, next string, err error) {
	limit, err = checkPage(cursor, limit)
	if err != nil {
		return nil, "", err
	}
	customer, err := s.store.Find(ctx, id)
	if err != nil {
		return nil, "", err
	}
	found, err := s.store.OpenSessions(ctx, customer, time.Now(), cursor, limit+1)
	if err != nil {
		return nil, "", err
	}
	page, next = pageOf(found, limit, func(s Session) string { return s.ID })
	return page, next, nil
}

// EndSession ends one of the customer's sessions, or returns ErrSessionNotFound.
func (s *Service) EndSession(ctx context.Context, id, sessionID string) error {
	if err := s.store.DeleteSessionOf(ctx, id, sessionID); err != nil {
		return err
	}
	security.Log(ctx, security.SignedOut, id)
	return nil
}

// LastUsedAt is when the session was opened or last refreshed.
func (s Session) LastUsedAt() time.Time {
	if s.RotatedAt.IsZero() {
		return s.CreatedAt
	}
	return s.RotatedAt
}

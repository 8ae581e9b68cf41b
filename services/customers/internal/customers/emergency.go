package customers

import (
	"context"
	"time"

	"souk/platform/audit"
)

// everyone is the subject of a record about all accounts.
const everyone = "everyone"

// EndAllSessions ends the sessions of all accounts. Their access tokens stay valid until they expire. After a crash, repeating it ends the
// rest.
func (s *Service) EndAllSessions(ctx context.Context) error {
	ended, err := audit.NewRecord(ctx, audit.Entry{Action: audit.SessionsEnded, Kind: audit.Session, Subject: everyone})
	if err != nil {
		return err
	}
	if err := s.store.AddRecord(ctx, ended); err != nil {
		return err
	}
	// No session expires later than this.
	return s.store.DeleteExpiredSessions(ctx, time.Now().Add(sessionLife+time.Hour))
}

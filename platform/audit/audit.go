// Package audit describes the audit log: who changed what, when and from where. Each service stores the entries of its own changes, in
// the transaction of the change (platform/pgaudit for PostgreSQL).
package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"souk/platform/security"
)

// Entry is a change that is to be recorded. Its actor, request and time are added when it is stored.
type Entry struct {
	Action  Action
	Kind    Kind
	Subject string
	// Detail says more about the change. It must contain no personal data, no secret and no text that somebody typed, because
	// entries are never deleted.
	Detail map[string]string
}

// Record is a stored entry.
type Record struct {
	Entry
	ID        string
	At        time.Time
	Actor     Actor
	RequestID string
}

// Position is the place of a record in the log. Records are sorted by At and then by ID.
type Position struct {
	At time.Time
	ID string
}

// Filter selects records. Empty fields select all.
type Filter struct {
	Actor, Action, Subject string
	// From is inclusive, To exclusive.
	From, To time.Time
	// Before selects records that are older than this position.
	Before *Position
	Limit  int
}

// NewRecord returns the record of an entry that is made now, with the actor and the request of ctx. Its ID is a UUIDv7.
func NewRecord(ctx context.Context, e Entry) (Record, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Record{}, err
	}
	return Record{
		Entry: e, ID: id.String(), At: time.Now().UTC(), Actor: ActorOf(ctx), RequestID: security.RequestIDOf(ctx),
	}, nil
}

package mongo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
)

// prepareStaff creates the index for accounts with roles of staff.
func (s *Store) prepareStaff(ctx context.Context) error {
	index := mongo.IndexModel{Keys: bson.D{{Key: "roles", Value: 1}}}
	if _, err := s.accounts.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index roles: %w", err)
	}
	return nil
}

// WithRoles implements customers.StaffAccounts.
func (s *Store) WithRoles(ctx context.Context, roles []string, after string, limit int) ([]customers.Customer, error) {
	filter := bson.D{
		{Key: "roles", Value: bson.D{{Key: "$in", Value: roles}}}, {Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}},
	}
	documents, err := find[accountDocument](ctx, s.accounts, filter, idAscending, limit, "find staff")
	if err != nil {
		return nil, err
	}
	return customersOf(documents), nil
}

// lockDocument says who changes roles of staff. There is one at most, with the _id staffLock.
type lockDocument struct {
	ID     string    `bson:"_id"`
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
}

const (
	staffLock = "staff"
	// lockLife is how long a lock lasts whose holder has died. A change takes less than changeTime, or fails.
	lockLife = 3 * changeTime
	// The longest wait between two attempts to get the lock, and the number of attempts.
	lockNap      = 100 * time.Millisecond
	lockAttempts = 60
)

// LockStaff implements customers.StaffAccounts.
func (s *Store) LockStaff(ctx context.Context) (unlock func(), err error) {
	holder := uuid.NewString()
	for range lockAttempts {
		now := time.Now().UTC()
		_, err := s.locks.InsertOne(ctx, lockDocument{ID: staffLock, Holder: holder, Until: now.Add(lockLife)})
		if err == nil {
			return func() { s.unlock(ctx, holder) }, nil
		}
		if !mongo.IsDuplicateKeyError(err) {
			return nil, fmt.Errorf("lock staff: %w", err)
		}
		left := append(byID(staffLock), bson.E{Key: "until", Value: bson.D{{Key: "$lt", Value: now}}})
		if _, err := s.locks.DeleteOne(ctx, left); err != nil {
			return nil, fmt.Errorf("lock staff: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(rand.N(lockNap)):
		}
	}
	return nil, customers.ErrContended
}

// unlock ends a lock, also if its caller has left. If it fails, the lock ends by itself.
func (s *Store) unlock(ctx context.Context, holder string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeTime)
	defer cancel()
	_, _ = s.locks.DeleteOne(ctx, append(byID(staffLock), bson.E{Key: "holder", Value: holder}))
}

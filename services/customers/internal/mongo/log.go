package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/platform/audit"

	"souk/services/customers/internal/customers"
)

// The audit log is a collection of its own, to which documents are only added. There are no transactions over several documents, so
// that the record of a change is first written into the changed account, by the same write. From there it is moved to the log. Before
// the change, a document in audit_unlogged says that there will be a record to move. If the process dies, LogChanges finds it.

// changeTime is the time limit for the creation or a change of an account. LogChanges waits for longer than that.
const changeTime = 10 * time.Second

// recordDocument is a record of the audit log.
type recordDocument struct {
	ID          string            `bson:"_id"`
	At          time.Time         `bson:"at"`
	Action      string            `bson:"action"`
	SubjectKind string            `bson:"subject_kind"`
	Subject     string            `bson:"subject"`
	ActorKind   string            `bson:"actor_kind"`
	Actor       string            `bson:"actor"`
	Service     string            `bson:"service"`
	Address     string            `bson:"address"`
	RequestID   string            `bson:"request_id"`
	Detail      map[string]string `bson:"detail,omitempty"`
}

func recordOf(r audit.Record) recordDocument {
	return recordDocument{
		ID: r.ID, At: r.At, Action: string(r.Action), SubjectKind: string(r.Kind), Subject: r.Subject,
		ActorKind: string(r.Actor.Kind), Actor: r.Actor.ID, Service: r.Actor.Service, Address: r.Actor.Address,
		RequestID: r.RequestID, Detail: r.Detail,
	}
}

func (d recordDocument) record() audit.Record {
	return audit.Record{
		Entry: audit.Entry{Action: audit.Action(d.Action), Kind: audit.Kind(d.SubjectKind), Subject: d.Subject, Detail: d.Detail},
		ID:    d.ID, At: d.At.UTC(), RequestID: d.RequestID,
		Actor: audit.Actor{Kind: audit.ActorKind(d.ActorKind), ID: d.Actor, Service: d.Service, Address: d.Address},
	}
}

// unloggedDocument says that an account has, or will have, the record with this ID.
type unloggedDocument struct {
	ID         string    `bson:"_id"`
	CustomerID string    `bson:"customer_id"`
	At         time.Time `bson:"at"`
}

// forget removes the records from a document.
var forget = bson.D{{Key: "$unset", Value: bson.D{{Key: "unlogged", Value: ""}}}}

// prepareLog creates the indexes of the log's filters, and of old documents in audit_unlogged.
func (s *Store) prepareLog(ctx context.Context) error {
	newest := bson.D{{Key: "at", Value: -1}, {Key: "_id", Value: -1}}
	for _, keys := range []bson.D{
		newest,
		append(bson.D{{Key: "actor", Value: 1}}, newest...),
		append(bson.D{{Key: "action", Value: 1}}, newest...),
		append(bson.D{{Key: "subject", Value: 1}}, newest...),
	} {
		if _, err := s.log.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
			return fmt.Errorf("index the audit log: %w", err)
		}
	}
	index := mongo.IndexModel{Keys: bson.D{{Key: "at", Value: 1}}}
	if _, err := s.unlogged.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index unlogged changes: %w", err)
	}
	return nil
}

// expect notes that the account is about to be written with records.
func (s *Store) expect(ctx context.Context, c customers.Customer) error {
	for _, r := range c.Unlogged {
		d := unloggedDocument{ID: r.ID, CustomerID: c.ID, At: time.Now().UTC()}
		if _, err := s.unlogged.ReplaceOne(ctx, byID(d.ID), d, options.Replace().SetUpsert(true)); err != nil {
			return fmt.Errorf("expect a record: %w", err)
		}
	}
	return nil
}

// logSoon moves the records of an account that was written to the log. If it fails, LogChanges does that later: the change is made,
// and its caller must not get an error.
func (s *Store) logSoon(ctx context.Context, c customers.Customer) {
	if len(c.Unlogged) == 0 || s.logAccount(ctx, c.ID) != nil {
		return
	}
	for _, r := range c.Unlogged {
		_ = s.logged(ctx, r.ID)
	}
}

// logAccount moves the records of an account to the log. If the account is written meanwhile, records that were moved may be in it
// again. They are moved with its next record, which changes nothing.
func (s *Store) logAccount(ctx context.Context, id string) error {
	var d accountDocument
	err := s.accounts.FindOne(ctx, byID(id)).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) || err == nil && len(d.Unlogged) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find account: %w", err)
	}
	if err := s.addToLog(ctx, d.Unlogged...); err != nil {
		return err
	}
	if _, err := s.accounts.UpdateOne(ctx, byVersion(d), forget); err != nil {
		return fmt.Errorf("forget records: %w", err)
	}
	return nil
}

// byVersion finds an account unless it was changed since it was read.
func byVersion(d accountDocument) bson.D {
	return append(byID(d.ID), bson.E{Key: "version", Value: d.Version})
}

// addToLog adds those records to the log that it does not contain.
func (s *Store) addToLog(ctx context.Context, records ...recordDocument) error {
	for _, r := range records {
		if _, err := s.log.InsertOne(ctx, r); err != nil && !mongo.IsDuplicateKeyError(err) {
			return fmt.Errorf("add to the audit log: %w", err)
		}
	}
	return nil
}

// logged deletes what expect has noted for a record.
func (s *Store) logged(ctx context.Context, id string) error {
	if _, err := s.unlogged.DeleteOne(ctx, byID(id)); err != nil {
		return fmt.Errorf("forget a record: %w", err)
	}
	return nil
}

// LogChanges implements customers.Store.
func (s *Store) LogChanges(ctx context.Context, before time.Time) error {
	filter := bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: before}}}}
	left, err := find[unloggedDocument](ctx, s.unlogged, filter, oldestFirst, intentsAtOnce, "find unlogged changes")
	if err != nil {
		return err
	}
	for _, d := range left {
		if err := s.logLeft(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// logLeft moves the records of an account to the log after a crash. Those of an account without its e-mail address wait: if it is being
// created, DeleteUnreachable deletes it without a record, and if it is being deleted, it moves them.
func (s *Store) logLeft(ctx context.Context, left unloggedDocument) error {
	c, err := s.Find(ctx, left.CustomerID)
	if errors.Is(err, customers.ErrNotFound) {
		return s.logged(ctx, left.ID)
	}
	if err != nil {
		return err
	}
	owned, err := s.owns(ctx, c.ID, c.Email)
	if err != nil || !owned {
		return err
	}
	if err := s.logAccount(ctx, c.ID); err != nil {
		return err
	}
	return s.logged(ctx, left.ID)
}

// deleteLogged deletes an account once all its records and the one of its deletion are in the log, and its e-mail address, which may have
// been changed since the deletion began. It starts over if the account is changed meanwhile.
func (s *Store) deleteLogged(ctx context.Context, id string, deletion recordDocument) error {
	for {
		var d accountDocument
		err := s.accounts.FindOne(ctx, byID(id)).Decode(&d)
		if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
			return err
		}
		if logErr := s.addToLog(ctx, append(d.Unlogged, deletion)...); logErr != nil || err != nil {
			return logErr
		}
		if err := s.ReleaseEmail(ctx, d.Email, id); err != nil {
			return err
		}
		result, err := s.accounts.DeleteOne(ctx, byVersion(d))
		if err != nil || result.DeletedCount > 0 {
			return err
		}
	}
}

// List implements audit.Log.
func (s *Store) List(ctx context.Context, f audit.Filter) (page []audit.Record, more bool, err error) {
	newest := bson.D{{Key: "at", Value: -1}, {Key: "_id", Value: -1}}
	found, err := find[recordDocument](ctx, s.log, selectRecords(f), newest, f.Limit+1, "list the audit log")
	if err != nil {
		return nil, false, err
	}
	if more = len(found) > f.Limit; more {
		found = found[:f.Limit]
	}
	for _, d := range found {
		page = append(page, d.record())
	}
	return page, more, nil
}

// selectRecords returns the conditions of a filter. Documents have times in milliseconds, and a filter may have smaller parts.
func selectRecords(f audit.Filter) bson.D {
	conditions := bson.D{}
	for _, equal := range []struct{ field, value string }{{"actor", f.Actor}, {"action", f.Action}, {"subject", f.Subject}} {
		if equal.value != "" {
			conditions = append(conditions, bson.E{Key: equal.field, Value: equal.value})
		}
	}
	var within bson.D
	if !f.From.IsZero() {
		within = append(within, bson.E{Key: "$gte", Value: nextMillisecond(f.From)})
	}
	if !f.To.IsZero() {
		within = append(within, bson.E{Key: "$lt", Value: nextMillisecond(f.To)})
	}
	if within != nil {
		conditions = append(conditions, bson.E{Key: "at", Value: within})
	}
	if f.Before == nil {
		return conditions
	}
	at := nextMillisecond(f.Before.At)
	older := bson.A{bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: at}}}}}
	if at.Equal(f.Before.At) {
		older = append(older, bson.D{{Key: "at", Value: at}, {Key: "_id", Value: bson.D{{Key: "$lt", Value: f.Before.ID}}}})
	}
	return append(conditions, bson.E{Key: "$or", Value: older})
}

// nextMillisecond returns the first whole millisecond that is not before t.
func nextMillisecond(t time.Time) time.Time {
	whole := t.Truncate(time.Millisecond)
	if whole.Before(t) {
		whole = whole.Add(time.Millisecond)
	}
	return whole
}

// AddRecord implements customers.Store.
func (s *Store) AddRecord(ctx context.Context, record audit.Record) error {
	return s.addToLog(ctx, recordOf(record))
}

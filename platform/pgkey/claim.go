package pgkey

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/idempotency"
	"souk/platform/pgdb"
)

const insertClaim = `
INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, subject) VALUES ($1, $2, $3, $4, $5, nullif($6, '')::uuid)`

// Claim queues an insert of a key, for a request that creates or changes subject (a UUID). If the key is already used, the
// batch fails with an error that IsTaken recognizes. If another transaction is using it, the batch waits for that transaction
// to end.
func Claim(batch *pgx.Batch, r idempotency.Request, subject string) {
	batch.Queue(insertClaim, r.Caller, r.Method, r.Key, r.Fingerprint, r.RequestID, subject)
}

// IsTaken reports whether err means that the key of a Claim was already used.
func IsTaken(err error) bool { return pgdb.IsUnique(err, "idempotent_requests_pkey") }

const selectUse = `
SELECT fingerprint, request_id, coalesce(subject::text, ''), answer
FROM idempotent_requests WHERE caller = $1 AND method = $2 AND key = $3`

// Find queues a query for r's key. It leaves *found nil if the key was never used.
func Find(batch *pgx.Batch, r idempotency.Request, found **idempotency.Use) {
	batch.Queue(selectUse, r.Caller, r.Method, r.Key).QueryRow(func(row pgx.Row) error {
		var use idempotency.Use
		err := row.Scan(&use.Fingerprint, &use.RequestID, &use.Subject, &use.Answer)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look up an idempotency key: %w", err)
		}
		*found = &use
		return nil
	})
}

const updateAnswer = `
UPDATE idempotent_requests SET answer = coalesce(answer, $3) WHERE method = $1 AND subject = $2 RETURNING answer`

// Answer queues an update that saves the answer for the key that a call of method claimed with subject. If there is an answer
// already, that one stays. *standing is set to the saved answer, and stays nil if the key was deleted.
func Answer(batch *pgx.Batch, method, subject string, content []byte, standing *[]byte) {
	batch.Queue(updateAnswer, method, subject, content).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(standing); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("save the answer to an idempotency key: %w", err)
		}
		return nil
	})
}

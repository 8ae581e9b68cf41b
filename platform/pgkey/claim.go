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

// Claim queues the first use of a key, by a request that makes or changes subject (a UUID). The batch fails with an error that
// IsTaken recognizes if the key was used before; while another transaction uses it, the batch waits for that one to end.
func Claim(batch *pgx.Batch, r idempotency.Request, subject string) {
	batch.Queue(insertClaim, r.Caller, r.Method, r.Key, r.Fingerprint, r.RequestID, subject)
}

// IsTaken reports whether err says that the key of a Claim was used before.
func IsTaken(err error) bool { return pgdb.IsUnique(err, "idempotent_requests_pkey") }

const selectUse = `
SELECT fingerprint, request_id, coalesce(subject::text, ''), answer
FROM idempotent_requests WHERE caller = $1 AND method = $2 AND key = $3`

// Find queues a look at r's key. It leaves *found nil if the key was never used.
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

// Answer queues an answer for the key that subject was claimed with by a call of method. The first answer stands: it is read into
// *standing, which stays nil if the key is forgotten already.
func Answer(batch *pgx.Batch, method, subject string, content []byte, standing *[]byte) {
	batch.Queue(updateAnswer, method, subject, content).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(standing); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("save the answer to an idempotency key: %w", err)
		}
		return nil
	})
}

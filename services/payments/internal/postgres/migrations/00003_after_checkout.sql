-- +goose Up
-- changed is the transaction of the last change that orders may not know of, for the feed (platform/pgfeed). version counts the
-- changes. ask_at is when the provider is to be asked next, and infinity means never; -infinity is for rows that are older than the
-- column, of which only the open ones are asked about. captured_part is 0 when all was captured.
ALTER TABLE payments
    ADD COLUMN changed       xid8        NOT NULL DEFAULT '0',
    ADD COLUMN version       bigint      NOT NULL DEFAULT 0,
    ADD COLUMN ask_at        timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN void_reason   text        NOT NULL DEFAULT '',
    ADD COLUMN attention     text        NOT NULL DEFAULT '',
    ADD COLUMN captured_part bigint      NOT NULL DEFAULT 0;

-- What becomes of a pending payment is the answer to Authorize or Void. A change that is no answer sets changed by itself.
-- +goose StatementBegin
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    NEW.version := OLD.version + 1;
    IF OLD.status <> 'pending' THEN
        NEW.changed := pg_current_xact_id();
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- Whoever changes a refund writes refunded with it, also when it stays the same.
CREATE TRIGGER note_change BEFORE UPDATE OF status, refunded, attention ON payments FOR EACH ROW EXECUTE FUNCTION note_change();

-- What the simulated network will make of an authorization or a refund by itself, and when.
CREATE TABLE simulator.plans (
    reference text        PRIMARY KEY,
    at        timestamptz NOT NULL,
    becomes   text        NOT NULL
);

-- +goose Down
DROP TABLE simulator.plans;
DROP TRIGGER note_change ON payments;
DROP FUNCTION note_change;
ALTER TABLE payments
    DROP COLUMN changed, DROP COLUMN version, DROP COLUMN ask_at,
    DROP COLUMN void_reason, DROP COLUMN attention, DROP COLUMN captured_part;

-- +goose Up
-- The transaction in which a SKU's availability last changed, for the feed of changes (platform/pgfeed).
ALTER TABLE levels ADD COLUMN changed xid8 NOT NULL DEFAULT '0';

-- The availability that shoppers are shown: none, a few, or more pieces.
CREATE FUNCTION availability(pieces bigint) RETURNS integer LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN pieces <= 0 THEN 0 WHEN pieces <= 5 THEN 1 ELSE 2 END;

-- +goose StatementBegin
CREATE FUNCTION note_availability_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER note_new_availability BEFORE INSERT ON levels FOR EACH ROW EXECUTE FUNCTION note_availability_change();
-- Most sales change no availability, and so neither the column nor its index.
CREATE TRIGGER note_availability_change BEFORE UPDATE ON levels FOR EACH ROW
    WHEN (availability(OLD.on_hand - OLD.reserved) <> availability(NEW.on_hand - NEW.reserved))
    EXECUTE FUNCTION note_availability_change();

-- +goose Down
DROP TRIGGER note_availability_change ON levels;
DROP TRIGGER note_new_availability ON levels;
DROP FUNCTION note_availability_change;
DROP FUNCTION availability;
ALTER TABLE levels DROP COLUMN changed;

-- +goose Up
-- The transaction in which a parcel last moved, for the feed of moves (platform/pgfeed), and when the carrier is to be asked about
-- it next. Instances of the version before go by tracked_at and its index shipments_moving, which a later version drops.
ALTER TABLE shipments
    ADD COLUMN changed xid8 NOT NULL DEFAULT '0',
    ADD COLUMN ask_at timestamptz NOT NULL DEFAULT '-infinity';

-- +goose StatementBegin
CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- Whoever writes new events writes the status with them.
CREATE TRIGGER note_move BEFORE UPDATE OF status ON shipments FOR EACH ROW EXECUTE FUNCTION note_move();

-- +goose Down
DROP TRIGGER note_move ON shipments;
DROP FUNCTION note_move;
ALTER TABLE shipments DROP COLUMN changed, DROP COLUMN ask_at;

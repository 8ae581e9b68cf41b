-- +goose Up
-- The transaction in which an order was confirmed or cancelled, for the feed of sales (platform/pgfeed). NULL before that, and in orders
-- that were confirmed by the version before: readers of the feed read those once, by their ids.
ALTER TABLE orders ADD COLUMN changed xid8;

-- +goose StatementBegin
CREATE FUNCTION note_sale() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER note_sale BEFORE UPDATE OF status ON orders FOR EACH ROW
    WHEN (NEW.status IS DISTINCT FROM OLD.status AND NEW.status IN ('confirmed', 'cancelled')) EXECUTE FUNCTION note_sale();

-- +goose Down
DROP TRIGGER note_sale ON orders;
DROP FUNCTION note_sale;
ALTER TABLE orders DROP COLUMN changed;

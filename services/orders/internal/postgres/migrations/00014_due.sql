-- +goose Up
-- When whoever finds an order is to finish it; null while there is nothing to do. Before, a job in river_job said so. Instances of
-- the version before go on with these jobs until they are replaced. They alone write job_id, and the triggers follow them. A later
-- version drops the triggers, job_id and the tables of River.
ALTER TABLE orders ADD COLUMN due_at timestamptz;

-- +goose StatementBegin
CREATE FUNCTION due_with_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.due_at = CASE WHEN NEW.job_id IS NOT NULL THEN coalesce(NEW.due_at, now() + interval '7 seconds') END;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER due_with_new_job BEFORE INSERT ON orders
    FOR EACH ROW WHEN (NEW.job_id IS NOT NULL) EXECUTE FUNCTION due_with_job();
CREATE TRIGGER due_with_job BEFORE UPDATE OF job_id ON orders
    FOR EACH ROW EXECUTE FUNCTION due_with_job();

ALTER TABLE orders DROP CONSTRAINT orders_job_check;
ALTER TABLE orders ADD CONSTRAINT orders_due_check CHECK (due_at IS NOT NULL OR (status <> 'pending' AND intent = '')) NOT VALID;

-- +goose Down
ALTER TABLE orders DROP CONSTRAINT orders_due_check;
ALTER TABLE orders ADD CONSTRAINT orders_job_check CHECK (job_id IS NOT NULL OR (status <> 'pending' AND intent = '')) NOT VALID;
DROP TRIGGER due_with_job ON orders;
DROP TRIGGER due_with_new_job ON orders;
DROP FUNCTION due_with_job;
ALTER TABLE orders DROP COLUMN due_at;

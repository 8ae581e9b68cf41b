-- +goose Up
-- See 00009_checkout_keys.sql.

-- +goose StatementBegin
CREATE FUNCTION copy_checkout_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rpc CONSTANT text := '/souk.orders.v1.OrdersService/PlaceOrder';
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM idempotent_requests WHERE caller = OLD.customer_id AND method = rpc AND key = OLD.key;
    ELSE
        INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, subject, answer, created_at)
        VALUES (NEW.customer_id, rpc, NEW.key, NEW.fingerprint, NEW.request_id, NEW.order_id,
            convert_to(NEW.answer::text, 'UTF8'), NEW.created_at)
        ON CONFLICT ON CONSTRAINT idempotent_requests_pkey DO UPDATE SET answer = excluded.answer;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER copy_checkout_key AFTER INSERT OR UPDATE OR DELETE ON idempotency_keys
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION copy_checkout_key();

-- +goose Down
DROP TRIGGER copy_checkout_key ON idempotency_keys;
DROP FUNCTION copy_checkout_key;

-- +goose Up
-- See 00009_checkout_keys.sql.

-- +goose StatementBegin
CREATE FUNCTION copy_refund_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rpc CONSTANT text := '/souk.orders.v1.OrdersService/RefundOrder';
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM idempotent_requests WHERE caller = OLD.staff_id AND method = rpc AND key = OLD.key;
    ELSE
        INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, subject, answer, created_at)
        VALUES (NEW.staff_id, rpc, NEW.key, NEW.fingerprint, '', NEW.refund_id,
            convert_to(NEW.answered, 'UTF8'), NEW.created_at)
        ON CONFLICT ON CONSTRAINT idempotent_requests_pkey DO UPDATE SET answer = excluded.answer;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER copy_refund_key AFTER INSERT OR UPDATE OR DELETE ON refund_keys
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION copy_refund_key();

-- +goose Down
DROP TRIGGER copy_refund_key ON refund_keys;
DROP FUNCTION copy_refund_key;

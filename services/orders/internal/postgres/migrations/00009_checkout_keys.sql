-- +goose Up
-- The keys of checkouts and refunds are in idempotent_requests now. Instances of the version before use their own tables,
-- idempotency_keys and refund_keys, until they are replaced. The triggers of this file and the next two copy what either version
-- writes to the tables of the other, so that both know each key. A later version drops the triggers and the old tables.

-- +goose StatementBegin
CREATE FUNCTION copy_new_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place_order  CONSTANT text := '/souk.orders.v1.OrdersService/PlaceOrder';
    refund_order CONSTANT text := '/souk.orders.v1.OrdersService/RefundOrder';
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM idempotency_keys WHERE OLD.method = place_order AND customer_id = OLD.caller AND key = OLD.key;
        DELETE FROM refund_keys WHERE OLD.method = refund_order AND staff_id = OLD.caller AND key = OLD.key;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE idempotency_keys SET answer = convert_from(NEW.answer, 'UTF8')::json
        WHERE NEW.method = place_order AND customer_id = NEW.caller AND key = NEW.key;
        UPDATE refund_keys SET answered = convert_from(NEW.answer, 'UTF8')
        WHERE NEW.method = refund_order AND staff_id = NEW.caller AND key = NEW.key;
    ELSIF NEW.method = place_order THEN
        INSERT INTO idempotency_keys (customer_id, key, fingerprint, order_id, request_id, created_at)
        VALUES (NEW.caller, NEW.key, NEW.fingerprint, NEW.subject, NEW.request_id, NEW.created_at)
        ON CONFLICT (customer_id, key) DO NOTHING;
    ELSIF NEW.method = refund_order THEN
        INSERT INTO refund_keys (staff_id, key, fingerprint, refund_id, created_at)
        VALUES (NEW.caller, NEW.key, NEW.fingerprint, NEW.subject, NEW.created_at)
        ON CONFLICT (staff_id, key) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The depth is not 0 when the other trigger writes.
CREATE TRIGGER copy_new_key AFTER INSERT OR UPDATE OR DELETE ON idempotent_requests
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION copy_new_key();

-- +goose Down
DROP TRIGGER copy_new_key ON idempotent_requests;
DROP FUNCTION copy_new_key;

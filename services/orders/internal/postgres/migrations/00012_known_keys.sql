-- +goose Up
-- The keys from before the triggers of 00010 and 00011.
INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, subject, answer, created_at)
SELECT customer_id, '/souk.orders.v1.OrdersService/PlaceOrder', key, fingerprint, request_id, order_id, convert_to(answer::text, 'UTF8'), created_at
FROM idempotency_keys
UNION ALL
SELECT staff_id, '/souk.orders.v1.OrdersService/RefundOrder', key, fingerprint, '', refund_id, convert_to(answered, 'UTF8'), created_at
FROM refund_keys
ON CONFLICT DO NOTHING;

-- +goose Down
DELETE FROM idempotent_requests
WHERE method IN ('/souk.orders.v1.OrdersService/PlaceOrder', '/souk.orders.v1.OrdersService/RefundOrder');

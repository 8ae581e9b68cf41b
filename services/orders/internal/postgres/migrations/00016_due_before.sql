-- +goose Up
-- The orders with a job from before the triggers of 00014.
UPDATE orders SET due_at = now() + interval '7 seconds' WHERE job_id IS NOT NULL AND due_at IS NULL;

-- +goose Down
SELECT 1;

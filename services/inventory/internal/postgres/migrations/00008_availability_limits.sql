-- +goose Up
-- Report changes of large levels too, but only when they pass one of a few limits. So a gateway can tell without asking that there are enough
-- pieces for a line of a cart. The limits are those of inventory.AvailabilityLimits; a test compares them.
CREATE OR REPLACE FUNCTION availability(pieces bigint) RETURNS integer LANGUAGE sql IMMUTABLE
    RETURN width_bucket(pieces, ARRAY[1, 6, 12, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000]::bigint[]);

-- +goose Down
CREATE OR REPLACE FUNCTION availability(pieces bigint) RETURNS integer LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN pieces <= 0 THEN 0 WHEN pieces <= 5 THEN 1 ELSE 2 END;

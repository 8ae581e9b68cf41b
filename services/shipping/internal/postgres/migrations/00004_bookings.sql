-- +goose Up
-- A parcel can be booked before the carrier gets it. A booked one has the status 'booked', and is asked about at no time.
-- Both columns are NULL for parcels that were handed over when they were created, as instances of the version before do.
ALTER TABLE shipments
    ADD COLUMN booking_id uuid,
    ADD COLUMN handed_over_at timestamptz;

-- The ids of bookings that can no longer be made or handed over. They are kept for calls that arrive late.
CREATE TABLE ended_bookings (
    order_id        uuid        NOT NULL,
    booking_id      uuid        NOT NULL,
    reason          text        NOT NULL CONSTRAINT ended_bookings_reason CHECK (reason IN ('cancelled', 'unknown_option')),
    -- The carrier's number of a booking that was made. Empty for one that never was.
    tracking_number text        NOT NULL,
    ended_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, booking_id)
);

-- Handing a parcel over is no move.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.status <> 'booked' THEN
        NEW.changed := pg_current_xact_id();
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TABLE ended_bookings;
ALTER TABLE shipments DROP COLUMN booking_id, DROP COLUMN handed_over_at;

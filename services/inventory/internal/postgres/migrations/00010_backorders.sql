-- +goose Up
ALTER TABLE levels
    -- The SKU was sold although there was too little, so that the level may be below 0.
    ADD COLUMN on_backorder boolean NOT NULL DEFAULT false,
    -- The stock was opened or adjusted. It is false for a level that exists because the SKU was sold without one.
    ADD COLUMN opened boolean NOT NULL DEFAULT true;
ALTER TABLE levels
    ADD CONSTRAINT levels_not_oversold CHECK (on_backorder OR on_hand >= 0 AND reserved <= on_hand) NOT VALID;
ALTER TABLE levels DROP CONSTRAINT levels_on_hand_not_negative, DROP CONSTRAINT levels_reserved_is_on_hand;

-- +goose Down
ALTER TABLE levels
    ADD CONSTRAINT levels_on_hand_not_negative CHECK (on_hand >= 0) NOT VALID,
    ADD CONSTRAINT levels_reserved_is_on_hand CHECK (reserved <= on_hand) NOT VALID;
ALTER TABLE levels DROP CONSTRAINT levels_not_oversold, DROP COLUMN opened, DROP COLUMN on_backorder;

-- +goose Up
-- The audit log (platform/pgaudit): who changed what, when and from where. Rows are only ever added.
CREATE TABLE audit_entries (
    at           timestamptz NOT NULL DEFAULT now(),
    id           uuid        NOT NULL,
    action       text        NOT NULL,
    subject_kind text        NOT NULL,
    subject      text        NOT NULL,
    actor_kind   text        NOT NULL,
    actor        text        NOT NULL,
    -- The service that made the call, the network of the client, and the HTTP request; empty if there is none.
    service      text        NOT NULL,
    address      text        NOT NULL,
    request_id   text        NOT NULL,
    detail       jsonb       NOT NULL,
    CONSTRAINT audit_entries_pkey PRIMARY KEY (at, id)
);
CREATE INDEX audit_entries_action ON audit_entries (action, at, id);
CREATE INDEX audit_entries_subject ON audit_entries (subject, at, id);
CREATE INDEX audit_entries_actor ON audit_entries (actor, at, id);

-- +goose StatementBegin
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    RAISE EXCEPTION 'audit_entries is append-only' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- +goose Down
DROP TABLE audit_entries;
DROP FUNCTION refuse_audit_change;

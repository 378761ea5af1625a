-- +goose Up

-- An audit compares what a store's platform has with what is stored, window by window of created_at. next_from is where the
-- window in hand begins, pass how often it has been read. A NULL total is not known yet.
CREATE TABLE audits (
    id              TEXT PRIMARY KEY NOT NULL,
    integration_id  BIGINT NOT NULL REFERENCES integrations (id),
    state           TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    cause           TEXT NOT NULL CHECK (cause IN ('manual', 'daily', 'away')),
    repair          BOOLEAN NOT NULL,
    window_from     BIGINT,
    window_to       BIGINT,
    next_from       BIGINT,
    pass            BIGINT NOT NULL,
    total           BIGINT,          -- the platform's count of everything between the two ends, as the audit began
    counted         BIGINT NOT NULL, -- the platform's counts of the windows, added up
    stored          BIGINT NOT NULL,
    checked         BIGINT NOT NULL,
    missing         BIGINT NOT NULL,
    extra           BIGINT NOT NULL,
    stale           BIGINT NOT NULL,
    created         BIGINT NOT NULL, -- missing ones that were stored
    updated         BIGINT NOT NULL, -- stale ones that were renewed
    deleted         BIGINT NOT NULL, -- extra ones that were marked deleted
    oldest_gap      BIGINT,
    windows         TEXT NOT NULL,   -- JSON list
    examples        TEXT NOT NULL,   -- JSON object
    attempts        BIGINT NOT NULL,
    error_code      TEXT NOT NULL,
    error_detail    TEXT NOT NULL,
    queued_at       BIGINT NOT NULL,
    started_at      BIGINT,
    finished_at     BIGINT,
    next_attempt_at BIGINT
);
CREATE UNIQUE INDEX audits_active ON audits (integration_id) WHERE state IN ('queued', 'running');
CREATE INDEX audits_list ON audits (integration_id, queued_at DESC, id DESC);
CREATE INDEX audits_last ON audits (integration_id, finished_at DESC, id DESC) WHERE state = 'completed';

-- When the next audit of an active integration begins by itself; NULL until it has its place.
ALTER TABLE integrations ADD COLUMN next_audit_at BIGINT;
CREATE INDEX integrations_audit ON integrations (next_audit_at) WHERE deleted_at IS NULL AND active;

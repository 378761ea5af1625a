-- +goose Up

-- When the merchant removed the app; NULL while it is installed.
ALTER TABLE integrations ADD COLUMN uninstalled_at BIGINT;

-- Who must not come back: see store/suppressions.go. By the store's name, so that it outlives an integration. value is 16
-- bytes of a keyed hash; nothing here tells who it is.
CREATE TABLE suppressions (
    store_name         TEXT NOT NULL,
    value              BLOB NOT NULL,
    user_id            TEXT NOT NULL, -- whose integration the request was for
    kind               TEXT NOT NULL CHECK (kind IN ('customer', 'email', 'order', 'phone')),
    newest_integration BIGINT NOT NULL, -- of all at that time: later ones are all meant
    PRIMARY KEY (store_name, value, user_id)
) WITHOUT ROWID;

-- What was asked in a person's name, and how far it is done. subject is sealed, bound to its row, and only a data request has
-- it, until expires_at.
CREATE TABLE privacy_requests (
    id              TEXT PRIMARY KEY NOT NULL,
    integration_id  BIGINT NOT NULL,
    store_name      TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    topic           TEXT NOT NULL CHECK (topic IN ('customers/data_request', 'customers/redact', 'shop/redact', 'app/uninstalled')),
    state           TEXT NOT NULL CHECK (state IN ('open', 'completed', 'expired')),
    received_at     BIGINT NOT NULL,
    completed_at    BIGINT,
    orders          BIGINT NOT NULL,
    deliveries      BIGINT NOT NULL,
    order_cursor    BIGINT NOT NULL,
    delivery_cursor BIGINT NOT NULL,
    subject         BLOB,
    expires_at      BIGINT
);
CREATE INDEX privacy_requests_list ON privacy_requests (integration_id, received_at DESC, id DESC);
CREATE INDEX privacy_requests_open ON privacy_requests (integration_id, topic) WHERE state = 'open';
CREATE INDEX privacy_requests_subjects ON privacy_requests (expires_at) WHERE subject IS NOT NULL;

-- Versions before this one could not carry these topics out, and kept their deliveries. Now they can.
UPDATE deliveries SET state = 'pending', error_code = '', error_detail = '', attempts = 0, processed_at = NULL, next_attempt_at = NULL
WHERE error_code = 'topic_not_available_yet';

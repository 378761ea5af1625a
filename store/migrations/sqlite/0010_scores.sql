-- +goose Up

-- What the delivery score looks at in an order. facts is what the order tells by itself, in the score's own encoding, and
-- facts_version which reading it is; 0: it could not be read. It names nobody: who the customer is tell the keys, see order_keys. They
-- are here too so that an order's own are known when it changes or goes.
--
-- outcome is what became of the parcel by the platform's data, reported what the merchant or a carrier says, which wins: 0 not
-- known, 1 delivered, 2 failed, 3 cancelled before it was shipped. The times are when that was so.
--
-- delivered, failed, earlier, recent and customer_mark are what was known of the customer when the order was placed. due: 0 the
-- score is up to date, 1 something of it changed, 2 it could not be made.
CREATE TABLE order_facts (
    order_id         INTEGER PRIMARY KEY NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    integration_id   BIGINT NOT NULL,
    due              INTEGER NOT NULL,
    placed_at        BIGINT NOT NULL,
    outcome          INTEGER NOT NULL,
    outcome_at       BIGINT,
    reported         INTEGER NOT NULL DEFAULT 0,
    reported_at      BIGINT,
    mark             INTEGER NOT NULL DEFAULT 0, -- the merchant's word of this order: 1 allowed, -1 blocked
    customer_mark    INTEGER NOT NULL DEFAULT 0,
    delivered        BIGINT NOT NULL DEFAULT 0,
    failed           BIGINT NOT NULL DEFAULT 0,
    earlier          BIGINT NOT NULL DEFAULT 0,
    recent           BIGINT NOT NULL DEFAULT 0,
    phone_key        BIGINT,
    email_key        BIGINT,
    address_key      BIGINT,
    ip_key           BIGINT,
    factors          TEXT, -- what takes points, such as "phone_missing:-9,value_high:-4"
    reported_carrier TEXT,
    facts_version    INTEGER NOT NULL,
    facts            BLOB NOT NULL
);
CREATE INDEX order_facts_due ON order_facts (integration_id, order_id) WHERE due = 1;
CREATE INDEX order_facts_failed ON order_facts (integration_id) WHERE due = 2;

-- By what orders are known to be of one customer: 64 bits of a keyed hash of the telephone number, the e-mail, the address or
-- the network address. The first two tell of a customer for ever and stand in bucket 0. The others only tell of many orders at
-- once and stand in the day (since 1970) on which the order was placed, so that new ones come beside each other.
CREATE TABLE order_keys (
    integration_id BIGINT NOT NULL,
    bucket         BIGINT NOT NULL,
    key            BIGINT NOT NULL,
    placed_at      BIGINT NOT NULL,
    order_id       BIGINT NOT NULL,
    PRIMARY KEY (integration_id, bucket, key, placed_at, order_id)
) WITHOUT ROWID;

-- What the merchant says of a customer, by the keys of telephone number and e-mail: 1 allowed, -1 blocked.
CREATE TABLE customer_marks (
    integration_id BIGINT NOT NULL,
    key            BIGINT NOT NULL,
    mark           INTEGER NOT NULL,
    marked_at      BIGINT NOT NULL,
    PRIMARY KEY (integration_id, key)
) WITHOUT ROWID;

-- How many orders there are by what became of them: the counts of order_facts, kept as it changes.
CREATE TABLE outcome_counts (
    integration_id BIGINT NOT NULL,
    outcome        INTEGER NOT NULL,
    reported       INTEGER NOT NULL,
    orders         BIGINT NOT NULL,
    PRIMARY KEY (integration_id, outcome, reported)
) WITHOUT ROWID;

-- Where an integration's scores stand. rescore_cursor: orders with smaller numbers are still to be rated anew; NULL when none
-- are. reread: their payloads are read anew as well. basis is a digest of all that the scores rest on: model, settings, program.
CREATE TABLE score_states (
    integration_id   BIGINT PRIMARY KEY NOT NULL,
    model_id         TEXT, -- NULL: the one that the program ships with
    settings_version BIGINT NOT NULL,
    facts_version    INTEGER NOT NULL,
    basis            TEXT NOT NULL,
    rescore_cursor   BIGINT,
    rescore_reread   BOOLEAN NOT NULL,
    rescore_since    BIGINT,
    rescored         BIGINT NOT NULL,
    next_training_at BIGINT,
    training_asked   BOOLEAN NOT NULL, -- by a person: now, whatever there is to learn from
    trained_at       BIGINT,
    trained_settled  BIGINT NOT NULL  -- how many outcomes were known then
);

-- What was learnt from a store's outcomes. body is the model, packed; one that was refused has none.
CREATE TABLE score_models (
    id             TEXT PRIMARY KEY NOT NULL,
    integration_id BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('live', 'retired', 'refused', 'rolled_back')),
    basis          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    activated_at   BIGINT,
    n              BIGINT NOT NULL, -- outcomes
    failed         BIGINT NOT NULL, -- of them
    report         TEXT NOT NULL,   -- JSON
    codec          INTEGER NOT NULL,
    body           BLOB,
    UNIQUE (integration_id, version)
);
CREATE UNIQUE INDEX score_models_live ON score_models (integration_id) WHERE state = 'live';

-- What a merchant set, every version of it.
CREATE TABLE score_settings (
    integration_id BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    user_id        TEXT NOT NULL,
    settings       TEXT NOT NULL, -- JSON
    PRIMARY KEY (integration_id, version)
);

-- The expression is OrderBy's for a score: unscored ones before all others.
CREATE INDEX orders_score ON orders (integration_id, COALESCE(delivery_score, -1), id) WHERE deleted_at IS NULL;

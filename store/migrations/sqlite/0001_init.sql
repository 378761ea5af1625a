-- +goose Up

-- Times are Unix milliseconds (UTC), NULL when there is none. Ids of users, tokens, imports and deliveries are UUIDs as
-- text. Money is exact text plus whole millionths for comparing.

-- Single values of the installation itself, such as the proof of the encryption key.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
);

CREATE TABLE users (
    id            TEXT PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE, -- the e-mail folded: one account whatever its case
    password_hash TEXT NOT NULL,
    admin         BOOLEAN NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE api_tokens (
    id           TEXT PRIMARY KEY NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, created_at, id);

-- AUTOINCREMENT, because an id must never be used again: bookmarks, exports and jobs of a store that was disconnected
-- would otherwise point at the next one, which may be somebody else's. The same holds for orders.
--
-- user_id is no foreign key: an account can go while its disconnected stores are still being cleared away.
CREATE TABLE integrations (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id             TEXT NOT NULL,
    store_name          TEXT NOT NULL,
    auth                TEXT NOT NULL CHECK (auth IN ('token', 'client_credentials', 'oauth')),
    client_id           TEXT NOT NULL,
    active              BOOLEAN NOT NULL,
    permissions         TEXT NOT NULL, -- JSON list
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    last_sync           BIGINT,
    watermark           BIGINT,
    next_sync_at        BIGINT,
    served_version      TEXT NOT NULL,
    token_issued_at     BIGINT,
    token_expires_at    BIGINT,
    webhook_address     TEXT NOT NULL,
    webhook_topics      TEXT NOT NULL, -- JSON list
    webhooks_checked_at BIGINT,
    deleted_at          BIGINT
);
CREATE UNIQUE INDEX integrations_user_store ON integrations (user_id, store_name) WHERE deleted_at IS NULL;
CREATE INDEX integrations_store ON integrations (store_name) WHERE deleted_at IS NULL;
CREATE INDEX integrations_due ON integrations (next_sync_at) WHERE deleted_at IS NULL AND active;

CREATE TABLE problems (
    integration_id BIGINT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
    code           TEXT NOT NULL,
    detail         TEXT NOT NULL,
    since          BIGINT NOT NULL,
    PRIMARY KEY (integration_id, code)
);

-- value: key version, nonce and AES-256-GCM ciphertext, bound to integration_id and kind.
CREATE TABLE secrets (
    integration_id BIGINT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
    kind           TEXT NOT NULL,
    value          BLOB NOT NULL,
    expires_at     BIGINT,
    PRIMARY KEY (integration_id, kind)
);

CREATE TABLE imports (
    id              TEXT PRIMARY KEY NOT NULL,
    integration_id  BIGINT NOT NULL REFERENCES integrations (id),
    kind            TEXT NOT NULL CHECK (kind IN ('initial', 'manual', 'periodic', 'reconcile')),
    state           TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    field           TEXT NOT NULL CHECK (field IN ('created_at', 'updated_at')),
    window_from     BIGINT,
    window_to       BIGINT,
    total           BIGINT,
    fetched         BIGINT NOT NULL,
    created         BIGINT NOT NULL,
    updated         BIGINT NOT NULL,
    unchanged       BIGINT NOT NULL,
    failed          BIGINT NOT NULL,
    page_cursor     TEXT NOT NULL,
    pass            BIGINT NOT NULL,
    pages           BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    error_code      TEXT NOT NULL,
    error_detail    TEXT NOT NULL,
    queued_at       BIGINT NOT NULL,
    started_at      BIGINT,
    finished_at     BIGINT,
    next_attempt_at BIGINT
);
CREATE UNIQUE INDEX imports_active ON imports (integration_id) WHERE state IN ('queued', 'running');
CREATE INDEX imports_list ON imports (integration_id, queued_at DESC, id DESC);

CREATE TABLE deliveries (
    id              TEXT PRIMARY KEY NOT NULL,
    integration_id  BIGINT NOT NULL REFERENCES integrations (id),
    webhook_id      TEXT, -- NULL when the sender gave none: such deliveries are never taken for repeats
    event_id        TEXT NOT NULL,
    topic           TEXT NOT NULL,
    api_version     TEXT NOT NULL,
    triggered_at    BIGINT,
    received_at     BIGINT NOT NULL,
    processed_at    BIGINT,
    next_attempt_at BIGINT,
    state           TEXT NOT NULL CHECK (state IN ('pending', 'processed', 'duplicate', 'stale', 'failed')),
    attempts        BIGINT NOT NULL,
    error_code      TEXT NOT NULL,
    error_detail    TEXT NOT NULL,
    codec           INTEGER NOT NULL,
    body            BLOB NOT NULL,
    UNIQUE (integration_id, webhook_id)
);
CREATE INDEX deliveries_list ON deliveries (integration_id, received_at DESC, id DESC);
CREATE INDEX deliveries_pending ON deliveries (integration_id, received_at, id) WHERE state = 'pending';

-- One row an order of a store. (version_at, observed_at, digest) says which of two states of the same order is the newer.
-- A row with deleted_at is a tombstone: it is in no list and takes no later version.
CREATE TABLE orders (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    integration_id       BIGINT NOT NULL REFERENCES integrations (id),
    platform             TEXT NOT NULL,
    platform_order_id    TEXT NOT NULL,
    version_at           BIGINT NOT NULL, -- updated_at, else created_at, else 0
    observed_at          BIGINT NOT NULL, -- when we asked for it, or it was sent
    digest               BLOB NOT NULL,   -- 16 bytes of the payload's SHA-256
    imported_at          BIGINT NOT NULL, -- the first time
    listed_at            BIGINT NOT NULL, -- created_at, else imported_at: what the list is ordered by
    created_at           BIGINT,
    updated_at           BIGINT,
    cancelled_at         BIGINT,
    deleted_at           BIGINT,
    order_number         TEXT,
    total_price          TEXT,
    total_millionths     BIGINT,
    currency             TEXT,
    customer_name        TEXT,
    customer_email       TEXT,
    email_key            TEXT, -- the e-mail folded, for counting a customer's orders
    phone                TEXT,
    payment_type         TEXT,
    source_name          TEXT,
    financial_status     TEXT,
    fulfillment_status   TEXT,
    address              TEXT,
    address_complement   TEXT,
    city                 TEXT,
    province             TEXT,
    country              TEXT,
    tags                 TEXT,
    test                 BOOLEAN NOT NULL,
    search_text          TEXT NOT NULL,
    delivery_probability TEXT,
    delivery_score       DOUBLE PRECISION,
    recommended_carrier  TEXT,
    UNIQUE (integration_id, platform, platform_order_id)
);
CREATE INDEX orders_list ON orders (integration_id, listed_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX orders_version ON orders (integration_id, version_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX orders_email ON orders (integration_id, email_key) WHERE deleted_at IS NULL AND email_key IS NOT NULL;
CREATE INDEX orders_deleted ON orders (integration_id) WHERE deleted_at IS NOT NULL;

-- The payload byte for byte, beside the row so that lists and counts do not read past it. codec: 0 as it is, 1 zstd.
CREATE TABLE order_payloads (
    order_id INTEGER PRIMARY KEY NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    codec    INTEGER NOT NULL,
    body     BLOB NOT NULL
);

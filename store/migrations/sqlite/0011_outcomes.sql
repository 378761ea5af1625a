-- +goose Up

-- What was reported of an order's parcel: by a program (api), by a person (user), or by a carrier's report (csv). seq is the order
-- in which it was said; counts marks the one report of an order that counts, the latest that is not undone. What counts is in
-- order_facts too, where the score looks.
CREATE TABLE order_outcomes (
    seq            INTEGER PRIMARY KEY NOT NULL,
    id             TEXT NOT NULL UNIQUE,
    integration_id BIGINT NOT NULL,
    order_id       BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    counts         BOOLEAN NOT NULL,
    outcome        INTEGER NOT NULL, -- 1 delivered, 2 failed, 3 cancelled before it was shipped
    source         TEXT NOT NULL CHECK (source IN ('api', 'csv', 'user')),
    import_id      TEXT,             -- of outcome_imports
    happened_at    BIGINT,           -- NULL: not said
    recorded_at    BIGINT NOT NULL,
    undone_at      BIGINT,
    user_id        TEXT NOT NULL,
    carrier        TEXT,
    tracking       TEXT,
    note           TEXT
);
CREATE INDEX order_outcomes_order ON order_outcomes (order_id, seq DESC);
CREATE INDEX order_outcomes_import ON order_outcomes (import_id, seq) WHERE import_id IS NOT NULL AND undone_at IS NULL;
CREATE INDEX order_outcomes_counts ON order_outcomes (integration_id, source, outcome) WHERE counts;
CREATE INDEX order_outcomes_integration ON order_outcomes (integration_id);

-- The reports of carriers that were read. The same file is the same import as long as it is not undone, so it has one row by the
-- digest of its bytes. refused is JSON, the first of the rows that could not be taken.
CREATE TABLE outcome_imports (
    id             TEXT PRIMARY KEY NOT NULL,
    integration_id BIGINT NOT NULL,
    digest         BLOB NOT NULL,
    name           TEXT NOT NULL, -- of the file; may be empty
    read_rows      BIGINT NOT NULL,
    recorded       BIGINT NOT NULL, -- reports that it made
    changed        BIGINT NOT NULL, -- orders whose outcome is another by them
    known          BIGINT NOT NULL, -- rows that the same file had reported before
    superseded     BIGINT NOT NULL, -- rows of orders of which another row says something later
    pending        BIGINT NOT NULL, -- rows without an end
    refused_count  BIGINT NOT NULL,
    refused        TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL, -- when it was read last
    undone_at      BIGINT,
    user_id        TEXT NOT NULL
);
CREATE INDEX outcome_imports_list ON outcome_imports (integration_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX outcome_imports_digest ON outcome_imports (integration_id, digest) WHERE undone_at IS NULL;

-- Who marked an order, and why. What the mark does is in order_facts and customer_marks.
CREATE TABLE order_marks (
    order_id       INTEGER PRIMARY KEY NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    integration_id BIGINT NOT NULL,
    mark           INTEGER NOT NULL, -- 1 allowed, -1 blocked
    scope          TEXT NOT NULL CHECK (scope IN ('order', 'customer')),
    note           TEXT,
    user_id        TEXT NOT NULL,
    marked_at      BIGINT NOT NULL
);
CREATE INDEX order_marks_integration ON order_marks (integration_id);

-- Carriers' reports name orders by their numbers.
CREATE INDEX orders_number ON orders (integration_id, order_number) WHERE deleted_at IS NULL AND order_number IS NOT NULL;

-- Lists filter by the score, so it is in the index that they walk.
DROP INDEX orders_list;
CREATE INDEX orders_list ON orders (integration_id, listed_at DESC, id DESC, financial_status, fulfillment_status,
    delivery_probability, delivery_score, total_millionths, imported_at, created_at, deleted_at) WHERE deleted_at IS NULL;

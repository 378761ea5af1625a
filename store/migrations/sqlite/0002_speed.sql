-- +goose Up

-- What lists filter by is in the index that they walk, so that a page of a filtered list reads only the rows that it shows.
-- deleted_at is always NULL there; without it the engine would look it up in the rows.
DROP INDEX orders_list;
CREATE INDEX orders_list ON orders (integration_id, listed_at DESC, id DESC, financial_status, fulfillment_status,
    delivery_probability, total_millionths, imported_at, created_at, deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX orders_imported ON orders (integration_id, imported_at, id) WHERE deleted_at IS NULL;
-- The expression is OrderBy's for a total: unknown ones before all others.
CREATE INDEX orders_total ON orders (integration_id, COALESCE(total_millionths, -9223372036854775807), id) WHERE deleted_at IS NULL;

-- How many orders there are, and what they add up to, by the day on which they are listed (days since 1970, UTC) and by what
-- lists filter by. The rows of the smallest day hold the same for all days together. dated: the payload tells when it was
-- created. Unknown texts are ''. Revenue is high × 10^12 + low millionths, so that adding up cannot overflow.
CREATE TABLE order_days (
    integration_id       BIGINT NOT NULL REFERENCES integrations (id),
    day                  BIGINT NOT NULL,
    dated                BOOLEAN NOT NULL,
    financial_status     TEXT NOT NULL,
    fulfillment_status   TEXT NOT NULL,
    currency             TEXT NOT NULL,
    delivery_probability TEXT NOT NULL,
    orders               BIGINT NOT NULL,
    revenue_high         BIGINT NOT NULL,
    revenue_low          BIGINT NOT NULL,
    PRIMARY KEY (integration_id, day, dated, financial_status, fulfillment_status, currency, delivery_probability)
) WITHOUT ROWID;

INSERT INTO order_days
SELECT integration_id, (listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000, created_at IS NOT NULL,
    COALESCE(financial_status, ''), COALESCE(fulfillment_status, ''), COALESCE(currency, ''), COALESCE(delivery_probability, ''),
    count(*), sum(COALESCE(total_millionths, 0) / 1000000000000), sum(COALESCE(total_millionths, 0) % 1000000000000)
FROM orders WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7;
INSERT INTO order_days
SELECT integration_id, -9223372036854775807, dated, financial_status, fulfillment_status, currency, delivery_probability,
    sum(orders), sum(revenue_high), sum(revenue_low)
FROM order_days GROUP BY 1, 3, 4, 5, 6, 7;

-- How many orders have a total within a bucket: see store/order_totals.go. Unknown totals are in none.
CREATE TABLE order_totals (
    integration_id BIGINT NOT NULL REFERENCES integrations (id),
    bucket         BIGINT NOT NULL,
    orders         BIGINT NOT NULL,
    PRIMARY KEY (integration_id, bucket)
) WITHOUT ROWID;

-- A deleted order is in no search.
UPDATE orders SET search_text = '' WHERE deleted_at IS NOT NULL;

-- The grams of the search texts: see store/grams.go. Only the index is kept, the texts are in the orders.
CREATE VIRTUAL TABLE order_search USING fts5 (grams, content = '', detail = none, columnsize = 0, tokenize = 'ascii');

-- Deliveries by number of arrival: their own id says the same in sixteen bytes, and goes into three indexes.
CREATE TABLE deliveries_by_arrival (
    seq             INTEGER PRIMARY KEY NOT NULL,
    id              BLOB NOT NULL UNIQUE, -- the sixteen bytes of a UUID
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
INSERT INTO deliveries_by_arrival (id, integration_id, webhook_id, event_id, topic, api_version, triggered_at, received_at,
    processed_at, next_attempt_at, state, attempts, error_code, error_detail, codec, body)
SELECT unhex(replace(id, '-', '')), integration_id, webhook_id, event_id, topic, api_version, triggered_at, received_at,
    processed_at, next_attempt_at, state, attempts, error_code, error_detail, codec, body
FROM deliveries ORDER BY received_at, id;
DROP TABLE deliveries;
ALTER TABLE deliveries_by_arrival RENAME TO deliveries;
CREATE INDEX deliveries_list ON deliveries (integration_id, seq);
-- Most are processed; the others are what is worked on and what people look for.
CREATE INDEX deliveries_state ON deliveries (integration_id, state, seq) WHERE state <> 'processed';

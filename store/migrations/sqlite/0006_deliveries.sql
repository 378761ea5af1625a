-- +goose Up

-- From being taken up for processing to the commit, in milliseconds; NULL while it is not processed.
ALTER TABLE deliveries ADD COLUMN duration_ms BIGINT;

-- What the log of deliveries filters by is in the index that it walks, so that counting reads no bodies.
DROP INDEX deliveries_list;
CREATE INDEX deliveries_list ON deliveries (integration_id, seq, received_at, topic);

-- When the subscriptions of an integration are looked at next. One without a row is due at once.
CREATE TABLE webhook_checks (
    integration_id BIGINT PRIMARY KEY NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
    due_at         BIGINT NOT NULL,
    failures       BIGINT NOT NULL, -- looks in a row that failed
    recreated      TEXT NOT NULL    -- JSON list: topics that those looks had to subscribe again
);

-- How often deliveries of a topic come. longest_gap: milliseconds between two of them, which is forgotten slowly: see
-- store/habits.go.
CREATE TABLE webhook_habits (
    integration_id BIGINT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
    topic          TEXT NOT NULL,
    deliveries     BIGINT NOT NULL,
    first_at       BIGINT NOT NULL,
    last_at        BIGINT NOT NULL,
    longest_gap    DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (integration_id, topic)
) WITHOUT ROWID;

INSERT INTO webhook_habits
SELECT integration_id, topic, count(*), min(received_at), max(received_at), COALESCE(max(gap), 0)
FROM (SELECT integration_id, topic, received_at,
        received_at - lag(received_at) OVER (PARTITION BY integration_id, topic ORDER BY received_at, seq) AS gap
    FROM deliveries WHERE state <> 'pending'
        AND topic IN ('orders/create', 'orders/updated', 'orders/cancelled', 'orders/delete', 'app/uninstalled'))
GROUP BY integration_id, topic;

-- Deliveries for connected shops that were not taken, by the check that refused them and by the hour (hours since 1970), with
-- what the last of them looked like. Nothing of a body and no signature is kept.
CREATE TABLE refusals (
    integration_id   BIGINT NOT NULL REFERENCES integrations (id) ON DELETE CASCADE,
    hour             BIGINT NOT NULL,
    reason           TEXT NOT NULL,
    refused          BIGINT NOT NULL,
    first_at         BIGINT NOT NULL,
    last_at          BIGINT NOT NULL,
    topic            TEXT NOT NULL,
    body_bytes       BIGINT NOT NULL,
    content_encoding TEXT NOT NULL,
    proxied          BOOLEAN NOT NULL,
    secrets          BIGINT NOT NULL,
    PRIMARY KEY (integration_id, hour, reason)
) WITHOUT ROWID;
CREATE INDEX refusals_hour ON refusals (hour);

-- +goose Up

-- How many of a day's orders are scored, and what their scores add up to, 0 to 100 each. Days are those of order_days.
CREATE TABLE score_days (
    integration_id BIGINT NOT NULL REFERENCES integrations (id),
    day            BIGINT NOT NULL,
    orders         BIGINT NOT NULL,
    points         BIGINT NOT NULL,
    PRIMARY KEY (integration_id, day)
) WITHOUT ROWID;

-- From the index of lists alone: the rows of the orders are many times as much.
INSERT INTO score_days
SELECT o.integration_id, (o.listed_at - ((o.listed_at % 86400000) + 86400000) % 86400000) / 86400000, count(*), sum(CAST(o.delivery_score AS BIGINT))
FROM orders o INDEXED BY orders_list WHERE o.deleted_at IS NULL AND o.delivery_score IS NOT NULL GROUP BY 1, 2;

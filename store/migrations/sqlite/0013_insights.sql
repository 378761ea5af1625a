-- +goose Up

-- When an order is paid, as it tells by itself: 0 not known, 1 before it is delivered, 2 when it is delivered. Orders that were
-- read before are read again for it.
ALTER TABLE order_facts ADD COLUMN payment INTEGER NOT NULL DEFAULT 0;

-- How many orders there are of a place in a span of 1 day or of 32, numbered since 1970. Names are cut to 100 characters. Orders that
-- name neither province nor city are in none. A row without orders is deleted: somebody who was erased may have been the only one to
-- write a name that way.
CREATE TABLE order_places (
    integration_id BIGINT NOT NULL REFERENCES integrations (id),
    days           INTEGER NOT NULL,
    span           BIGINT NOT NULL,
    province       TEXT NOT NULL,
    city           TEXT NOT NULL,
    orders         BIGINT NOT NULL,
    PRIMARY KEY (integration_id, days, span, province, city)
) WITHOUT ROWID;

INSERT INTO order_places
SELECT integration_id, 1, (listed_at - ((listed_at % 86400000) + 86400000) % 86400000) / 86400000,
    substr(COALESCE(province, ''), 1, 100), substr(COALESCE(city, ''), 1, 100), count(*)
FROM orders WHERE deleted_at IS NULL AND COALESCE(province, '') || COALESCE(city, '') <> '' GROUP BY 1, 3, 4, 5;
INSERT INTO order_places
SELECT integration_id, 32, (span - ((span % 32) + 32) % 32) / 32, province, city, sum(orders)
FROM order_places GROUP BY 1, 3, 4, 5;

-- How many of the orders of a day that are read for their score are paid in a way, are likely to arrive, and arrived: outcome is
-- what was reported, else what the platform's data says.
CREATE TABLE order_outlooks (
    integration_id       BIGINT NOT NULL REFERENCES integrations (id),
    day                  BIGINT NOT NULL,
    payment              INTEGER NOT NULL,
    delivery_probability TEXT NOT NULL,
    outcome              INTEGER NOT NULL,
    orders               BIGINT NOT NULL,
    PRIMARY KEY (integration_id, day, payment, delivery_probability, outcome)
) WITHOUT ROWID;

INSERT INTO order_outlooks
SELECT f.integration_id, (f.placed_at - ((f.placed_at % 86400000) + 86400000) % 86400000) / 86400000, f.payment,
    COALESCE(o.delivery_probability, ''), CASE f.reported WHEN 0 THEN f.outcome ELSE f.reported END, count(*)
FROM order_facts f CROSS JOIN orders o ON o.id = f.order_id GROUP BY 1, 2, 3, 4, 5;

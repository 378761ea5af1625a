-- +goose Up

-- Which deliveries changed which order, for the story of an order. It goes with either.
CREATE TABLE order_deliveries (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL REFERENCES deliveries (seq) ON DELETE CASCADE,
    PRIMARY KEY (order_id, seq)
) WITHOUT ROWID;
CREATE INDEX order_deliveries_seq ON order_deliveries (seq);

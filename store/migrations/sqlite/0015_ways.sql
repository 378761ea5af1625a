-- +goose Up

-- How orders are asked for: by REST, by GraphQL where REST refuses them, by a bulk operation where there are many. page_cursor is
-- of that way.
ALTER TABLE imports ADD COLUMN way TEXT NOT NULL DEFAULT 'rest' CHECK (way IN ('rest', 'graphql', 'bulk'));
-- The fields with customers' data that the platform kept from this run, by their names there.
ALTER TABLE imports ADD COLUMN withheld TEXT NOT NULL DEFAULT '';

-- How the store's orders were had last, and when REST is tried again although it refused them.
ALTER TABLE integrations ADD COLUMN orders_way TEXT NOT NULL DEFAULT 'rest' CHECK (orders_way IN ('rest', 'graphql'));
ALTER TABLE integrations ADD COLUMN rest_due_at BIGINT;

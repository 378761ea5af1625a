-- +goose Up

-- What every process that shares the database has to know, and what outlives a start. All of it has an end, after which it is
-- deleted.

-- Links that make the first account, by a SHA-256 hash of each. With the first account all of them go.
CREATE TABLE setup_links (
    hash       BLOB PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Tries at passwords, by a hash of what they are counted by: an account, an address, or both.
CREATE TABLE guesses (
    key      BLOB PRIMARY KEY NOT NULL,
    tries    BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL, -- no try before it; 0: the next one is free
    ends_at  BIGINT NOT NULL  -- when it is forgotten
);
CREATE INDEX guesses_end ON guesses (ends_at);

-- Stores that are being connected, or get new credentials, and how far that is. state is JSON without anything secret. digest is a
-- keyed hash of all that was entered, by which the same once more is known while it is under way, and NULL afterwards. beat_at is
-- by the database's clock: when the process that carries it out last said that it does.
CREATE TABLE attempts (
    id             TEXT PRIMARY KEY NOT NULL,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    integration_id BIGINT NOT NULL, -- whose credentials are replaced; 0: a new store
    digest         BLOB,
    done           BOOLEAN NOT NULL,
    version        BIGINT NOT NULL, -- of state
    state          TEXT NOT NULL,
    beat_at        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX attempts_user ON attempts (user_id, created_at, id);
CREATE INDEX attempts_age ON attempts (created_at, id);

-- Carriers' reports that were tried and not recorded yet. body is packed JSON.
CREATE TABLE held_reports (
    id             TEXT PRIMARY KEY NOT NULL,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    integration_id BIGINT NOT NULL,
    body           BLOB NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX held_reports_age ON held_reports (created_at, id);
CREATE INDEX held_reports_integration ON held_reports (integration_id);
CREATE INDEX attempts_integration ON attempts (integration_id);

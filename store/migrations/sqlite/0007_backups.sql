-- +goose Up

-- The backups that were made, the latest hundred: where they were written, and how large they are. Whether they are still
-- there nobody here knows.
CREATE TABLE backups (
    id         INTEGER PRIMARY KEY NOT NULL,
    path       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    bytes      BIGINT NOT NULL
);

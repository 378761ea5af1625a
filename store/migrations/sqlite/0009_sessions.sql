-- +goose Up

-- Who is signed in with a browser. The cookie itself is not stored, only a hash of it. A session that was signed out of
-- stays, with its end in expires_at, until its thirty days are over: from where somebody has signed in before, strangers
-- who guess at the account cannot keep them out. remote is an address of IPv4, or the first half of one of IPv6.
CREATE TABLE sessions (
    id           TEXT PRIMARY KEY NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash         BLOB NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    user_agent   TEXT NOT NULL,
    remote       TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_age ON sessions (created_at);

-- A new password or another role ends every session of the account, whichever command or process changes it.
-- +goose StatementBegin
CREATE TRIGGER users_sessions_end AFTER UPDATE OF password_hash, admin ON users
WHEN new.password_hash <> old.password_hash OR new.admin <> old.admin
BEGIN
    DELETE FROM sessions WHERE user_id = new.id;
END;
-- +goose StatementEnd

-- Access keys, channels and their stream keys.
-- Looked-up columns stand beside a JSON body; only TEXT, BIGINT/INTEGER and BLOB are used, so that
-- PostgreSQL can hold the same. `position` grows with every row and is never used twice: lists run in
-- creation order, and a page token stays good while rows come and go.

CREATE TABLE access_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    body     TEXT NOT NULL
);

CREATE TABLE channels (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL
);

CREATE INDEX channels_by_tenant ON channels (account, region, position);
CREATE INDEX channels_by_name ON channels (account, region, name, position);

CREATE TABLE stream_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    channel  TEXT NOT NULL REFERENCES channels (arn) ON DELETE CASCADE,
    value    TEXT NOT NULL UNIQUE,
    body     TEXT NOT NULL
);

CREATE INDEX stream_keys_by_channel ON stream_keys (channel, position);

-- Secrets that belong to this installation and are made once, such as the one that seals page tokens.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

-- The life of streams: sessions with what happened in them, and events on their way out. Times are
-- milliseconds since 1970.

-- `ended_at` is 9223372036854775807 while a session is open. A channel that is deleted leaves its sessions
-- behind: they say by themselves all that is told of them.
CREATE TABLE stream_sessions (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream   TEXT NOT NULL UNIQUE,
    channel  TEXT NOT NULL,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    node     TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    body     TEXT NOT NULL
);

CREATE INDEX stream_sessions_by_channel ON stream_sessions (channel, position);
CREATE INDEX stream_sessions_by_end ON stream_sessions (ended_at) WHERE ended_at < 9223372036854775807;
-- Few are open at any time: these hold only those.
CREATE INDEX stream_sessions_open_by_tenant
    ON stream_sessions (account, region, position) WHERE ended_at = 9223372036854775807;
CREATE INDEX stream_sessions_open_by_node
    ON stream_sessions (node, position) WHERE ended_at = 9223372036854775807;

-- The newest events of each session, numbered from 1.
CREATE TABLE session_events (
    stream TEXT NOT NULL REFERENCES stream_sessions (stream) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (stream, number)
) WITHOUT ROWID;

-- When each server that has streams on air last said that it lives.
CREATE TABLE nodes (
    name      TEXT PRIMARY KEY,
    beaten_at BIGINT NOT NULL
);

-- Events, in the order of their commits. Those of one lane (a channel, or an account) are to be told in
-- that order.
CREATE TABLE outbox (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    account     TEXT NOT NULL,
    region      TEXT NOT NULL,
    lane        TEXT NOT NULL,
    envelope    TEXT NOT NULL
);

-- A change that is tried again, as its first answer was lost, tells nothing twice.
CREATE UNIQUE INDEX outbox_by_id ON outbox (id);
CREATE INDEX outbox_by_time ON outbox (happened_at);

-- Where events go: up to which position all is done, and who does it until when (nobody: an empty holder).
CREATE TABLE event_sinks (
    name       TEXT PRIMARY KEY,
    position   BIGINT NOT NULL,
    holder     TEXT NOT NULL,
    held_until BIGINT NOT NULL
);

-- Events that a sink would not take. `event` is the event's position in the outbox, where it may be no
-- more; `due` is 1 for one that is to be tried again.
CREATE TABLE dead_letters (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    sink        TEXT NOT NULL,
    event       BIGINT NOT NULL,
    id          TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    account     TEXT NOT NULL,
    envelope    TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    failed_at   BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    due         BIGINT NOT NULL,
    UNIQUE (sink, event)
);

CREATE INDEX dead_letters_by_sink ON dead_letters (sink, position);
CREATE INDEX dead_letters_by_account ON dead_letters (account, position);
CREATE INDEX dead_letters_by_failure ON dead_letters (failed_at);
CREATE INDEX dead_letters_due ON dead_letters (sink, event) WHERE due = 1;

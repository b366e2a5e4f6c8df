-- Recordings: what was written where. Times are milliseconds since 1970.

-- `ended_at` is 9223372036854775807 until all of a recording is in its bucket. A recording outlives its channel.
CREATE TABLE recordings (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    channel  TEXT NOT NULL,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    node     TEXT NOT NULL,
    place    TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    body     TEXT NOT NULL
);

CREATE INDEX recordings_by_channel ON recordings (channel, position);
-- Bucket and prefix, with a slash between them.
CREATE UNIQUE INDEX recordings_by_place ON recordings (place);
CREATE INDEX recordings_by_end ON recordings (node, ended_at);

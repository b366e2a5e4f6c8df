-- What migrations/sqlite/0007_stream_samples.sql does.
-- What was measured of streams. `minute` is minutes since 1970; `samples` holds those of this minute, in the form
-- that `stream_samples/minute.rs` says. They go with their session.
CREATE TABLE stream_samples (
    stream  TEXT COLLATE "C" NOT NULL REFERENCES stream_sessions (stream) ON DELETE CASCADE,
    minute  BIGINT NOT NULL,
    samples BYTEA NOT NULL,
    PRIMARY KEY (stream, minute)
);

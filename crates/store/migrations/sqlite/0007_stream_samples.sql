-- What was measured of streams. `minute` is minutes since 1970; `samples` holds those of this minute, in the form
-- that `stream_samples/minute.rs` says. They go with their session.
CREATE TABLE stream_samples (
    stream  TEXT NOT NULL REFERENCES stream_sessions (stream) ON DELETE CASCADE,
    minute  BIGINT NOT NULL,
    samples BLOB NOT NULL,
    PRIMARY KEY (stream, minute)
) WITHOUT ROWID;

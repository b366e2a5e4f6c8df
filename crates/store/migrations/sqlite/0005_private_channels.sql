-- What private channels must not forget: tokens that open once, and who may watch no more.

-- Tokens for one use that were used: what names them, and until when they would open anything, in
-- milliseconds since 1970.
CREATE TABLE spent_playback_tokens (
    id         BLOB NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX spent_playback_tokens_by_end ON spent_playback_tokens (expires_at);

-- The order in which revocations were committed; one that is changed stands behind all others again.
-- Those from before this step have no place in it.
CREATE TABLE revocation_order (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    channel  TEXT NOT NULL,
    viewer   TEXT NOT NULL,
    UNIQUE (channel, viewer),
    FOREIGN KEY (channel, viewer) REFERENCES viewer_revocations (channel, viewer) ON DELETE CASCADE
);

CREATE INDEX viewer_revocations_by_time ON viewer_revocations (revoked_at);

-- The whole control plane: what is attached to channels, who may watch, and a count of everything that
-- has a quota (counting rows would cost more with each of them).

ALTER TABLE channels ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE channels ADD COLUMN recording_configuration TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN playback_restriction_policy TEXT NOT NULL DEFAULT '';
ALTER TABLE stream_keys ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Most channels have neither: the indexes hold only those that do, and cost nothing for the rest.
CREATE INDEX channels_by_recording_configuration
    ON channels (account, region, recording_configuration, position) WHERE recording_configuration <> '';
CREATE INDEX channels_by_playback_restriction_policy
    ON channels (account, region, playback_restriction_policy, position)
    WHERE playback_restriction_policy <> '';

CREATE TABLE playback_key_pairs (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    arn         TEXT NOT NULL UNIQUE,
    account     TEXT NOT NULL,
    region      TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1,
    body        TEXT NOT NULL,
    UNIQUE (account, region, fingerprint)
);

CREATE INDEX playback_key_pairs_by_tenant ON playback_key_pairs (account, region, position);

CREATE TABLE playback_restriction_policies (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    body     TEXT NOT NULL
);

CREATE INDEX playback_restriction_policies_by_tenant
    ON playback_restriction_policies (account, region, position);

CREATE TABLE recording_configurations (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    state    TEXT NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    body     TEXT NOT NULL
);

CREATE INDEX recording_configurations_by_tenant ON recording_configurations (account, region, position);
CREATE INDEX recording_configurations_by_state ON recording_configurations (state, position);

-- Viewers whose sessions up to a version may no longer play. Unix seconds.
CREATE TABLE viewer_revocations (
    channel    TEXT NOT NULL REFERENCES channels (arn) ON DELETE CASCADE,
    viewer     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (channel, viewer)
);

-- How many of each kind a tenant has.
CREATE TABLE usage (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    used    BIGINT NOT NULL,
    PRIMARY KEY (account, region, kind)
);

INSERT INTO usage (account, region, kind, used)
    SELECT account, region, 'channel', COUNT(*) FROM channels GROUP BY account, region;

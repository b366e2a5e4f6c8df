PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);
INSERT INTO _sqlx_migrations VALUES(1,'first light','2026-11-21 12:25:43',1,X'13286ada19167da3bede6755dace8dd42aae126964ad4bbcdb68276dcfbf8a78099ad77c19d8aff82b1ade1886515f44',0);
INSERT INTO _sqlx_migrations VALUES(2,'control plane','2026-11-21 12:25:43',1,X'f83ffc0da5d5050e068760250d6e62fc75e546f8a372be9148d54a10e0e562984aa075519ef4533bd94853947f27287b',0);
CREATE TABLE access_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    body     TEXT NOT NULL
);
INSERT INTO access_keys VALUES(1,'RILLQLE37QL2T5CB0ICN','123456789012','{"id":"RILLQLE37QL2T5CB0ICN","secret":"ORC1c5OdmneJ0Rq3A9yjOnATYVQ9mclwrkRdwBKD","account":"123456789012","name":"","policy":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"EverythingInTheAccount\",\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}\n","active":true,"created_at":{"secs_since_epoch":1700000000,"nanos_since_epoch":0}}');
CREATE TABLE channels (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL
, version BIGINT NOT NULL DEFAULT 1, recording_configuration TEXT NOT NULL DEFAULT '', playback_restriction_policy TEXT NOT NULL DEFAULT '');
INSERT INTO channels VALUES(1,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','123456789012','us-east-1','channel-1','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000001","name":"channel-1","latency_mode":"LOW","channel_type":"STANDARD","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":"arn:aws:ivs:us-east-1:123456789012:recording-configuration/id0000000001","playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{"stage":"tést/1 \"quoted\""}}',1,'arn:aws:ivs:us-east-1:123456789012:recording-configuration/id0000000001','');
INSERT INTO channels VALUES(2,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','123456789012','us-east-1','channel-2','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000002","name":"channel-2","latency_mode":"LOW","channel_type":"STANDARD","preset":null,"authorized":true,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":"arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/id0000000001","srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{"stage":"tést/1 \"quoted\""}}',1,'','arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/id0000000001');
CREATE TABLE stream_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    channel  TEXT NOT NULL REFERENCES channels (arn) ON DELETE CASCADE,
    value    TEXT NOT NULL UNIQUE,
    body     TEXT NOT NULL
, version BIGINT NOT NULL DEFAULT 1);
INSERT INTO stream_keys VALUES(1,'arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000001','123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','sk_us-east-1_123456789012_1','{"arn":"arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000001","channel":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000001","value":"sk_us-east-1_123456789012_1","tags":{}}',1);
INSERT INTO stream_keys VALUES(2,'arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000002','123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','sk_us-east-1_123456789012_2','{"arn":"arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000002","channel":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000002","value":"sk_us-east-1_123456789012_2","tags":{}}',1);
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);
INSERT INTO secrets VALUES('page-tokens',X'0707070707070707070707070707070707070707070707070707070707070707');
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
INSERT INTO playback_key_pairs VALUES(1,'arn:aws:ivs:us-east-1:123456789012:playback-key/id0000000001','123456789012','us-east-1','01:00',1,'{"arn":"arn:aws:ivs:us-east-1:123456789012:playback-key/id0000000001","name":"key-1","public_key":"30760001","fingerprint":"01:00","tags":{}}');
CREATE TABLE playback_restriction_policies (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    body     TEXT NOT NULL
);
INSERT INTO playback_restriction_policies VALUES(1,'arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/id0000000001','123456789012','us-east-1',1,'{"arn":"arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/id0000000001","name":"policy-1","allowed_countries":["NO"],"allowed_origins":["https://*.example.com"],"strict_origin":true,"tags":{}}');
CREATE TABLE recording_configurations (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    state    TEXT NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    body     TEXT NOT NULL
);
INSERT INTO recording_configurations VALUES(1,'arn:aws:ivs:us-east-1:123456789012:recording-configuration/id0000000001','123456789012','us-east-1','ACTIVE',1,'{"arn":"arn:aws:ivs:us-east-1:123456789012:recording-configuration/id0000000001","name":"recording-1","bucket":"bucket-1","state":"ACTIVE","thumbnails":{"mode":"INTERVAL","interval_seconds":60,"resolution":null,"storage":["SEQUENTIAL"]},"rendition_selection":"ALL","renditions":[],"reconnect_window_seconds":300,"tags":{}}');
CREATE TABLE viewer_revocations (
    channel    TEXT NOT NULL REFERENCES channels (arn) ON DELETE CASCADE,
    viewer     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (channel, viewer)
);
INSERT INTO viewer_revocations VALUES('arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','viewer',3,1700000000);
CREATE TABLE usage (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    used    BIGINT NOT NULL,
    PRIMARY KEY (account, region, kind)
);
INSERT INTO usage VALUES('123456789012','us-east-1','recording-configuration',1);
INSERT INTO usage VALUES('123456789012','us-east-1','playback-restriction-policy',1);
INSERT INTO usage VALUES('123456789012','us-east-1','playback-key',1);
INSERT INTO usage VALUES('123456789012','us-east-1','channel',2);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('access_keys',1);
INSERT INTO sqlite_sequence VALUES('recording_configurations',1);
INSERT INTO sqlite_sequence VALUES('playback_restriction_policies',1);
INSERT INTO sqlite_sequence VALUES('playback_key_pairs',1);
INSERT INTO sqlite_sequence VALUES('channels',3);
INSERT INTO sqlite_sequence VALUES('stream_keys',3);
CREATE INDEX channels_by_tenant ON channels (account, region, position);
CREATE INDEX channels_by_name ON channels (account, region, name, position);
CREATE INDEX stream_keys_by_channel ON stream_keys (channel, position);
CREATE INDEX channels_by_recording_configuration
    ON channels (account, region, recording_configuration, position) WHERE recording_configuration <> '';
CREATE INDEX channels_by_playback_restriction_policy
    ON channels (account, region, playback_restriction_policy, position)
    WHERE playback_restriction_policy <> '';
CREATE INDEX playback_key_pairs_by_tenant ON playback_key_pairs (account, region, position);
CREATE INDEX playback_restriction_policies_by_tenant
    ON playback_restriction_policies (account, region, position);
CREATE INDEX recording_configurations_by_tenant ON recording_configurations (account, region, position);
CREATE INDEX recording_configurations_by_state ON recording_configurations (state, position);
COMMIT;

PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);
INSERT INTO _sqlx_migrations VALUES(1,'first light','2026-11-21 18:13:50',1,X'13286ada19167da3bede6755dace8dd42aae126964ad4bbcdb68276dcfbf8a78099ad77c19d8aff82b1ade1886515f44',0);
INSERT INTO _sqlx_migrations VALUES(2,'control plane','2026-11-21 18:13:50',1,X'f83ffc0da5d5050e068760250d6e62fc75e546f8a372be9148d54a10e0e562984aa075519ef4533bd94853947f27287b',0);
INSERT INTO _sqlx_migrations VALUES(3,'chat','2026-11-21 18:13:50',1,X'e465108a2967ca98a76de66deed41943549787c0b758a531fcd1d5850ba46caae0ba06c6df32f3b361d82dd6a26320c5',0);
INSERT INTO _sqlx_migrations VALUES(4,'life of a stream','2026-11-21 18:13:50',1,X'eaf34c59f512fa25dffe29a4b703c3af1350f84a017a4903e2662790725f009f39698b1cb1db98b10cc13c57dda26095',0);
CREATE TABLE access_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    body     TEXT NOT NULL
);
INSERT INTO access_keys VALUES(1,'RILLBBBBBBBBBBBBBBBB','123456789012','{"id":"RILLBBBBBBBBBBBBBBBB","secret":"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB","account":"123456789012","name":"","policy":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Sid\": \"EverythingInTheAccount\",\n      \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}\n","active":true,"created_at":{"secs_since_epoch":0,"nanos_since_epoch":0}}');
CREATE TABLE channels (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL
, version BIGINT NOT NULL DEFAULT 1, recording_configuration TEXT NOT NULL DEFAULT '', playback_restriction_policy TEXT NOT NULL DEFAULT '');
INSERT INTO channels VALUES(1,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','123456789012','us-east-1','channel-1','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000001","name":"channel-1","latency_mode":"LOW","channel_type":"STANDARD","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{"stage":"tést/1"}}',1,'','');
INSERT INTO channels VALUES(2,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','123456789012','us-east-1','channel-2','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000002","name":"channel-2","latency_mode":"LOW","channel_type":"STANDARD","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{"stage":"tést/1"}}',1,'','');
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
INSERT INTO secrets VALUES('playback passes',X'0707070707070707070707070707070707070707070707070707070707070707');
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
CREATE TABLE recording_configurations (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    state    TEXT NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    body     TEXT NOT NULL
);
CREATE TABLE viewer_revocations (
    channel    TEXT NOT NULL REFERENCES channels (arn) ON DELETE CASCADE,
    viewer     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (channel, viewer)
);
INSERT INTO viewer_revocations VALUES('arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','amy',3,1700000003);
INSERT INTO viewer_revocations VALUES('arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','büb',0,1700000000);
INSERT INTO viewer_revocations VALUES('arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','amy',7,1700000007);
CREATE TABLE usage (
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    used    BIGINT NOT NULL,
    PRIMARY KEY (account, region, kind)
);
INSERT INTO usage VALUES('123456789012','us-east-1','channel',2);
INSERT INTO usage VALUES('123456789012','us-east-1','playback-key',1);
INSERT INTO usage VALUES('123456789012','us-east-1','room',1);
CREATE TABLE logging_configurations (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    state    TEXT NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    body     TEXT NOT NULL
);
CREATE TABLE rooms (
    position       INTEGER PRIMARY KEY AUTOINCREMENT,
    arn            TEXT NOT NULL UNIQUE,
    account        TEXT NOT NULL,
    region         TEXT NOT NULL,
    name           TEXT NOT NULL,
    updated_at     BIGINT NOT NULL,
    review_handler TEXT NOT NULL,
    version        BIGINT NOT NULL DEFAULT 1,
    body           TEXT NOT NULL
);
INSERT INTO rooms VALUES(1,'arn:aws:ivschat:us-east-1:123456789012:room/id0000000001','123456789012','us-east-1','room-1',1,'',1,'{"arn":"arn:aws:ivschat:us-east-1:123456789012:room/id0000000001","name":"room-1","created_at":1,"updated_at":1,"message_rate":10,"message_length":500,"review_handler":null,"logging_configurations":[],"tags":{"stage":"tést/1"}}');
CREATE TABLE room_logs (
    configuration TEXT NOT NULL REFERENCES logging_configurations (arn),
    room          BIGINT NOT NULL REFERENCES rooms (position) ON DELETE CASCADE,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (configuration, room)
) WITHOUT ROWID;
CREATE TABLE chat_token_keys (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    secret     BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE spent_chat_tokens (
    expires_at BIGINT NOT NULL,
    id         BLOB NOT NULL,
    PRIMARY KEY (expires_at, id)
) WITHOUT ROWID;
INSERT INTO spent_chat_tokens VALUES(1700000000000,X'09090909090909090909090909090909');
CREATE TABLE chat_restrictions (
    room    TEXT NOT NULL REFERENCES rooms (arn) ON DELETE CASCADE,
    member  BLOB NOT NULL,
    kind    TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (room, member, kind)
) WITHOUT ROWID;
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
INSERT INTO stream_sessions VALUES(1,'st-00000000000000000000001','arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','123456789012','us-east-1','one',2,'{"stream":"st-00000000000000000000001","channel":{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000001","name":"channel-1","latency_mode":"LOW","channel_type":"STANDARD","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{"stage":"tést/1"}},"recording_configuration":{"arn":"arn:aws:ivs:us-east-1:123456789012:recording-configuration/id0000000001","name":"recording-1","bucket":"bucket-1","state":"CREATING","thumbnails":{"mode":"INTERVAL","interval_seconds":60,"resolution":null,"storage":["SEQUENTIAL"]},"rendition_selection":"ALL","renditions":[],"reconnect_window_seconds":300,"tags":{}},"node":"one","created_at":1,"started_at":null,"ended_at":2,"incoming":null,"health":"UNKNOWN","has_error":false}');
INSERT INTO stream_sessions VALUES(2,'st-00000000000000000000002','arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','123456789012','us-east-1','one',9223372036854775807,'{"stream":"st-00000000000000000000002","channel":{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000002","name":"channel-2","latency_mode":"LOW","channel_type":"STANDARD","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{"stage":"tést/1"}},"recording_configuration":{"arn":"arn:aws:ivs:us-east-1:123456789012:recording-configuration/id0000000001","name":"recording-1","bucket":"bucket-1","state":"CREATING","thumbnails":{"mode":"INTERVAL","interval_seconds":60,"resolution":null,"storage":["SEQUENTIAL"]},"rendition_selection":"ALL","renditions":[],"reconnect_window_seconds":300,"tags":{}},"node":"one","created_at":2,"started_at":null,"ended_at":null,"incoming":null,"health":"UNKNOWN","has_error":false}');
CREATE TABLE session_events (
    stream TEXT NOT NULL REFERENCES stream_sessions (stream) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (stream, number)
) WITHOUT ROWID;
INSERT INTO session_events VALUES('st-00000000000000000000001',1,'{"at":1,"kind":"IVS Stream State Change","name":"Session Created","code":null}');
INSERT INTO session_events VALUES('st-00000000000000000000001',2,'{"at":2,"kind":"IVS Stream State Change","name":"Stream End","code":null}');
INSERT INTO session_events VALUES('st-00000000000000000000002',1,'{"at":3,"kind":"IVS Stream State Change","name":"Session Created","code":null}');
CREATE TABLE nodes (
    name      TEXT PRIMARY KEY,
    beaten_at BIGINT NOT NULL
);
INSERT INTO nodes VALUES('one',9);
CREATE TABLE outbox (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    account     TEXT NOT NULL,
    region      TEXT NOT NULL,
    lane        TEXT NOT NULL,
    envelope    TEXT NOT NULL
);
INSERT INTO outbox VALUES(1,'00000001-0000-4000-8000-000000000001',1,'123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','{"version":"0","id":"00000001-0000-4000-8000-000000000001","detail-type":"IVS Stream State Change","source":"aws.ivs","account":"123456789012","time":"1970-01-01T00:00:00Z","region":"us-east-1","resources":["arn:aws:ivs:us-east-1:123456789012:channel/id0000000001"],"detail":{"channel_name":"channel-1","event_name":"Session Created","stream_id":"st-00000000000000000000001"}}');
INSERT INTO outbox VALUES(2,'00000002-0000-4000-8000-000000000001',2,'123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','{"version":"0","id":"00000002-0000-4000-8000-000000000001","detail-type":"IVS Stream State Change","source":"aws.ivs","account":"123456789012","time":"1970-01-01T00:00:00Z","region":"us-east-1","resources":["arn:aws:ivs:us-east-1:123456789012:channel/id0000000001"],"detail":{"channel_name":"channel-1","event_name":"Stream End","stream_id":"st-00000000000000000000001"}}');
INSERT INTO outbox VALUES(3,'00000003-0000-4000-8000-000000000002',3,'123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','{"version":"0","id":"00000003-0000-4000-8000-000000000002","detail-type":"IVS Stream State Change","source":"aws.ivs","account":"123456789012","time":"1970-01-01T00:00:00Z","region":"us-east-1","resources":["arn:aws:ivs:us-east-1:123456789012:channel/id0000000002"],"detail":{"channel_name":"channel-2","event_name":"Session Created","stream_id":"st-00000000000000000000002"}}');
CREATE TABLE event_sinks (
    name       TEXT PRIMARY KEY,
    position   BIGINT NOT NULL,
    holder     TEXT NOT NULL,
    held_until BIGINT NOT NULL
);
INSERT INTO event_sinks VALUES('audit',2,'me',1);
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
INSERT INTO dead_letters VALUES(1,'audit',2,'00000002-0000-4000-8000-000000000000',2,'123456789012','{}',5,3,'410 Gone',0);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('access_keys',1);
INSERT INTO sqlite_sequence VALUES('channels',3);
INSERT INTO sqlite_sequence VALUES('stream_keys',3);
INSERT INTO sqlite_sequence VALUES('playback_key_pairs',1);
INSERT INTO sqlite_sequence VALUES('stream_sessions',2);
INSERT INTO sqlite_sequence VALUES('outbox',3);
INSERT INTO sqlite_sequence VALUES('dead_letters',1);
INSERT INTO sqlite_sequence VALUES('rooms',1);
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
CREATE INDEX logging_configurations_by_tenant ON logging_configurations (account, region, position);
CREATE INDEX logging_configurations_on_trial
    ON logging_configurations (position) WHERE state IN ('CREATING', 'UPDATING');
CREATE INDEX rooms_by_tenant ON rooms (account, region, updated_at, position);
CREATE INDEX rooms_by_name ON rooms (account, region, name, updated_at, position);
CREATE INDEX rooms_by_review_handler
    ON rooms (account, region, review_handler, updated_at, position) WHERE review_handler <> '';
CREATE INDEX room_logs_by_room ON room_logs (room);
CREATE INDEX room_logs_by_time ON room_logs (configuration, updated_at, room);
CREATE INDEX chat_restrictions_by_end ON chat_restrictions (ends_at);
CREATE INDEX stream_sessions_by_channel ON stream_sessions (channel, position);
CREATE INDEX stream_sessions_by_end ON stream_sessions (ended_at) WHERE ended_at < 9223372036854775807;
CREATE INDEX stream_sessions_open_by_tenant
    ON stream_sessions (account, region, position) WHERE ended_at = 9223372036854775807;
CREATE INDEX stream_sessions_open_by_node
    ON stream_sessions (node, position) WHERE ended_at = 9223372036854775807;
CREATE UNIQUE INDEX outbox_by_id ON outbox (id);
CREATE INDEX outbox_by_time ON outbox (happened_at);
CREATE INDEX dead_letters_by_sink ON dead_letters (sink, position);
CREATE INDEX dead_letters_by_account ON dead_letters (account, position);
CREATE INDEX dead_letters_by_failure ON dead_letters (failed_at);
CREATE INDEX dead_letters_due ON dead_letters (sink, event) WHERE due = 1;
COMMIT;

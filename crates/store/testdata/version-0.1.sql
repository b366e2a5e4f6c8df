BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO "_sqlx_migrations" VALUES(1,'first light','2026-11-21 10:10:02',1,X'13286ADA19167DA3BEDE6755DACE8DD42AAE126964AD4BBCDB68276DCFBF8A78099AD77C19D8AFF82B1ADE1886515F44',2142244);
CREATE TABLE access_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    body     TEXT NOT NULL
);
INSERT INTO "access_keys" VALUES(1,'RILLN05E4LORC15OJ0R3','123456789012','{"id":"RILLN05E4LORC15OJ0R3","secret":"oLit63qZCh2JMPIza3UjklcPyPo1874hMtRWTO7k","account":"123456789012","active":true,"created_at":{"secs_since_epoch":1700000000,"nanos_since_epoch":124000000}}');
INSERT INTO "access_keys" VALUES(2,'RILL15OJ0R3A9OATYVQ9','123456789012','{"id":"RILL15OJ0R3A9OATYVQ9","secret":"za3UjklcPyPo1874hMtRWTO7kFaruxiX8bu9IJAp","account":"123456789012","active":false,"created_at":{"secs_since_epoch":1700000000,"nanos_since_epoch":125000000}}');
INSERT INTO "access_keys" VALUES(3,'RILLQGWHL63ZC2JMPI3U','999999999999','{"id":"RILLQGWHL63ZC2JMPI3U","secret":"ApWxMZgfUFuJgz41wfAf8HSNGxY9ShqjaNwVm72n","account":"999999999999","active":true,"created_at":{"secs_since_epoch":1700000000,"nanos_since_epoch":126000000}}');
CREATE TABLE channels (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL
);
INSERT INTO "channels" VALUES(1,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','123456789012','us-east-1','channel-1','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000001","name":"channel-1","latency_mode":"LOW","channel_type":"BASIC","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{"stage":"tést/1 \"quoted\"","team":""}}');
INSERT INTO "channels" VALUES(2,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','123456789012','us-east-1','channel-2','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000002","name":"channel-2","latency_mode":"NORMAL","channel_type":"ADVANCED_HD","preset":"CONSTRAINED_BANDWIDTH_DELIVERY","authorized":false,"insecure_ingest":true,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{}}');
INSERT INTO "channels" VALUES(3,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000003','123456789012','us-east-1','channel-3','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000003","name":"channel-3","latency_mode":"LOW","channel_type":"ADVANCED_SD","preset":null,"authorized":true,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{}}');
INSERT INTO "channels" VALUES(4,'arn:aws:ivs:us-east-1:123456789012:channel/id0000000004','123456789012','us-east-1','','{"arn":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000004","name":"","latency_mode":"LOW","channel_type":"STANDARD","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{}}');
INSERT INTO "channels" VALUES(5,'arn:aws:ivs:us-east-1:999999999999:channel/id0000000005','999999999999','us-east-1','channel-5','{"arn":"arn:aws:ivs:us-east-1:999999999999:channel/id0000000005","name":"channel-5","latency_mode":"LOW","channel_type":"BASIC","preset":null,"authorized":false,"insecure_ingest":false,"container_format":"TS","multitrack_input":{"enabled":false,"policy":"ALLOW","maximum_resolution":"FULL_HD"},"recording_configuration":null,"playback_restriction_policy":null,"srt_passphrase":"passphrasepassphrasepassphrasepassphrasepassphrasepassphrase","tags":{}}');
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);
INSERT INTO "secrets" VALUES('page-tokens',X'0707070707070707070707070707070707070707070707070707070707070707');
CREATE TABLE stream_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    channel  TEXT NOT NULL REFERENCES channels (arn) ON DELETE CASCADE,
    value    TEXT NOT NULL UNIQUE,
    body     TEXT NOT NULL
);
INSERT INTO "stream_keys" VALUES(1,'arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000001','123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000001','sk_us-east-1_123456789012_1','{"arn":"arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000001","channel":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000001","value":"sk_us-east-1_123456789012_1","tags":{"k":"v"}}');
INSERT INTO "stream_keys" VALUES(2,'arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000002','123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000002','sk_us-east-1_123456789012_2','{"arn":"arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000002","channel":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000002","value":"sk_us-east-1_123456789012_2","tags":{}}');
INSERT INTO "stream_keys" VALUES(3,'arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000003','123456789012','us-east-1','arn:aws:ivs:us-east-1:123456789012:channel/id0000000003','sk_us-east-1_123456789012_3','{"arn":"arn:aws:ivs:us-east-1:123456789012:stream-key/id0000000003","channel":"arn:aws:ivs:us-east-1:123456789012:channel/id0000000003","value":"sk_us-east-1_123456789012_3","tags":{}}');
INSERT INTO "stream_keys" VALUES(5,'arn:aws:ivs:us-east-1:999999999999:stream-key/id0000000005','999999999999','us-east-1','arn:aws:ivs:us-east-1:999999999999:channel/id0000000005','sk_us-east-1_999999999999_5','{"arn":"arn:aws:ivs:us-east-1:999999999999:stream-key/id0000000005","channel":"arn:aws:ivs:us-east-1:999999999999:channel/id0000000005","value":"sk_us-east-1_999999999999_5","tags":{}}');
CREATE INDEX channels_by_tenant ON channels (account, region, position);
CREATE INDEX channels_by_name ON channels (account, region, name, position);
CREATE INDEX stream_keys_by_channel ON stream_keys (channel, position);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('access_keys',3);
INSERT INTO "sqlite_sequence" VALUES('channels',6);
INSERT INTO "sqlite_sequence" VALUES('stream_keys',6);
COMMIT;

-- Chat: rooms, where they are logged, the keys that seal tokens, tokens that were used, and who may not
-- take part. Times are milliseconds since 1970.

CREATE TABLE logging_configurations (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    arn      TEXT NOT NULL UNIQUE,
    account  TEXT NOT NULL,
    region   TEXT NOT NULL,
    state    TEXT NOT NULL,
    version  BIGINT NOT NULL DEFAULT 1,
    body     TEXT NOT NULL
);

CREATE INDEX logging_configurations_by_tenant ON logging_configurations (account, region, position);
-- Few are on trial at any time: the index holds only those.
CREATE INDEX logging_configurations_on_trial
    ON logging_configurations (position) WHERE state IN ('CREATING', 'UPDATING');

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

-- Lists run from the latest change backwards, whatever they are filtered by.
CREATE INDEX rooms_by_tenant ON rooms (account, region, updated_at, position);
CREATE INDEX rooms_by_name ON rooms (account, region, name, updated_at, position);
CREATE INDEX rooms_by_review_handler
    ON rooms (account, region, review_handler, updated_at, position) WHERE review_handler <> '';

-- Which rooms are logged where. `room` is the room's position, `updated_at` the room's: so a list of the
-- rooms that are logged to one place walks an index too.
CREATE TABLE room_logs (
    configuration TEXT NOT NULL REFERENCES logging_configurations (arn),
    room          BIGINT NOT NULL REFERENCES rooms (position) ON DELETE CASCADE,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (configuration, room)
) WITHOUT ROWID;

CREATE INDEX room_logs_by_room ON room_logs (room);
CREATE INDEX room_logs_by_time ON room_logs (configuration, updated_at, room);

-- A key's id is its position: never used twice, so an id says which key it was.
CREATE TABLE chat_token_keys (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    secret     BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

-- A token's expiry is sealed within it, so both together name it as well as the id alone. With the expiry
-- in front, tokens that are used at about the same time stand side by side: a batch touches few pages,
-- however many tokens there are, and those that ran out are all at one end.
CREATE TABLE spent_chat_tokens (
    expires_at BIGINT NOT NULL,
    id         BLOB NOT NULL,
    PRIMARY KEY (expires_at, id)
) WITHOUT ROWID;

-- `member` is a user's id, in UTF-8: it may hold what no database takes for text. `ends_at` is
-- 9223372036854775807 for what does not end by itself.
CREATE TABLE chat_restrictions (
    room    TEXT NOT NULL REFERENCES rooms (arn) ON DELETE CASCADE,
    member  BLOB NOT NULL,
    kind    TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (room, member, kind)
) WITHOUT ROWID;

CREATE INDEX chat_restrictions_by_end ON chat_restrictions (ends_at);

//! What a backup holds: each table, its columns, and the five statements that it takes.
//!
//! Promise: a table that a migration makes and that is not here fails a test, and so does a column.

use crate::database::{BothWays, Cell, Row};

/// A table as a backup sees it.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// A thousand rows behind a key, in the key's order; all columns.
    pub(super) page: &'static str,
    pub(super) insert: &'static str,
    pub(super) any: &'static str,
    pub(super) count: &'static str,
    pub(super) clear: &'static str,
    /// Rows have a position.
    pub(super) positions: Option<Positions>,
    /// A row in it means that somebody uses the database.
    pub(super) counts: bool,
    pub(super) columns: &'static [Kind],
    /// Which columns, from the first one on, are the key.
    key: usize,
}

/// How the two databases keep the last position that was given away, of a row that may be gone.
#[derive(Clone, Copy)]
pub(super) struct Positions {
    /// Asks for it; no number when there was none yet.
    pub(super) last: BothWays,
    /// SQLite starts to keep it with the first row.
    pub(super) start: BothWays,
    /// Moves it on to at least `$1`, and never back: PostgreSQL does not undo this with the transaction.
    pub(super) go_on: BothWays,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Bytes,
}

impl Table {
    /// The table of this name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// A key before every row's.
    pub(super) fn start(&self) -> Vec<Cell> {
        let least = |kind: &Kind| match kind {
            Kind::Integer => Cell::Integer(i64::MIN),
            Kind::Text => Cell::Text(String::new()),
            Kind::Bytes => Cell::Bytes(Vec::new()),
        };
        self.columns[..self.key].iter().map(least).collect()
    }

    /// The key of a row.
    pub(super) fn key(&self, row: &Row) -> Vec<Cell> {
        row.cells()[..self.key].to_vec()
    }
}

macro_rules! kind {
    (text) => {
        Kind::Text
    };
    (integer) => {
        Kind::Integer
    };
    (bytes) => {
        Kind::Bytes
    };
}

/// `numbered`: rows have a position. `unasked`: the same, of rows that the server puts in by itself.
macro_rules! table {
    (@ $name:literal, $counts:literal, $key:literal, $where:literal, $order:literal, $positions:expr,
     [$($column:literal $kind:ident $number:literal),+]) => {
        Table {
            name: $name,
            page: concat!("SELECT ", table!(@join $($column)+), " FROM ", $name, " WHERE ", $where,
                          " ORDER BY ", $order, " LIMIT 1000"),
            insert: concat!("INSERT INTO ", $name, " (", table!(@join $($column)+), ") VALUES (",
                            table!(@join $($number)+), ")"),
            any: concat!("SELECT 1 FROM ", $name, " LIMIT 1"),
            count: concat!("SELECT COUNT(*) FROM ", $name),
            clear: concat!("DELETE FROM ", $name),
            positions: $positions,
            counts: $counts,
            columns: &[$(kind!($kind)),+],
            key: $key,
        }
    };
    (@join $first:literal $($more:literal)*) => { concat!($first $(, ", ", $more)*) };
    (numbered $name:literal [$($rest:tt)+]) => { table!(@numbered $name, true, [$($rest)+]) };
    (unasked $name:literal [$($rest:tt)+]) => { table!(@numbered $name, false, [$($rest)+]) };
    (@numbered $name:literal, $counts:literal, [$($rest:tt)+]) => {
        table!(@ $name, $counts, 1, "position > $1", "position",
               Some(Positions {
                   last: BothWays {
                       sqlite: concat!("SELECT seq FROM sqlite_sequence WHERE name = '", $name, "'"),
                       postgres: concat!("SELECT pg_sequence_last_value('", $name, "_position_seq')"),
                   },
                   start: BothWays {
                       sqlite: concat!("INSERT INTO sqlite_sequence (name, seq) SELECT '", $name, "', 0 ",
                                       "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence ",
                                       "WHERE name = '", $name, "')"),
                       postgres: "SELECT 1",
                   },
                   go_on: BothWays {
                       sqlite: concat!("UPDATE sqlite_sequence SET seq = MAX(seq, $1) ",
                                       "WHERE name = '", $name, "'"),
                       postgres: concat!("SELECT setval('", $name, "_position_seq', GREATEST($1, COALESCE(",
                                         "pg_sequence_last_value('", $name, "_position_seq'), 0)))"),
                   },
               }),
               ["position" integer "$1", $($rest)+])
    };
}

/// In an order in which rows can be put in: what is referred to comes first.
pub(super) const TABLES: &[Table] = &[
    table!(@ "secrets", false, 1, "name > $1", "name", None, ["name" text "$1", "value" bytes "$2"]),
    table!(numbered "access_keys" ["id" text "$2", "account" text "$3", "body" text "$4"]),
    table!(numbered "channels" [
        "arn" text "$2", "account" text "$3", "region" text "$4", "name" text "$5", "body" text "$6",
        "version" integer "$7", "recording_configuration" text "$8", "playback_restriction_policy" text "$9"
    ]),
    table!(numbered "stream_keys" [
        "arn" text "$2", "account" text "$3", "region" text "$4", "channel" text "$5", "value" text "$6",
        "body" text "$7", "version" integer "$8"
    ]),
    table!(numbered "playback_key_pairs" [
        "arn" text "$2", "account" text "$3", "region" text "$4", "fingerprint" text "$5",
        "version" integer "$6", "body" text "$7"
    ]),
    table!(numbered "playback_restriction_policies" [
        "arn" text "$2", "account" text "$3", "region" text "$4", "version" integer "$5", "body" text "$6"
    ]),
    table!(numbered "recording_configurations" [
        "arn" text "$2", "account" text "$3", "region" text "$4", "state" text "$5", "version" integer "$6",
        "body" text "$7"
    ]),
    table!(numbered "logging_configurations" [
        "arn" text "$2", "account" text "$3", "region" text "$4", "state" text "$5", "version" integer "$6",
        "body" text "$7"
    ]),
    table!(numbered "rooms" [
        "arn" text "$2", "account" text "$3", "region" text "$4", "name" text "$5", "updated_at" integer "$6",
        "review_handler" text "$7", "version" integer "$8", "body" text "$9"
    ]),
    table!(@ "room_logs", true, 2, "(configuration, room) > ($1, $2)", "configuration, room", None, [
        "configuration" text "$1", "room" integer "$2", "updated_at" integer "$3"
    ]),
    // Tokens that were given out before the backup open what they opened, and those that were used stay
    // used: without the keys all viewers who are just coming would be turned away after a restore, without
    // the used tokens each could be used once more.
    table!(unasked "chat_token_keys" ["secret" bytes "$2", "created_at" integer "$3"]),
    table!(@ "spent_chat_tokens", false, 2, "(expires_at, id) > ($1, $2)", "expires_at, id", None, [
        "expires_at" integer "$1", "id" bytes "$2"
    ]),
    table!(@ "chat_restrictions", true, 3, "(room, member, kind) > ($1, $2, $3)", "room, member, kind", None, [
        "room" text "$1", "member" bytes "$2", "kind" text "$3", "ends_at" integer "$4", "body" text "$5"
    ]),
    table!(numbered "stream_sessions" [
        "stream" text "$2", "channel" text "$3", "account" text "$4", "region" text "$5", "node" text "$6",
        "ended_at" integer "$7", "body" text "$8"
    ]),
    table!(numbered "recordings" [
        "id" text "$2", "channel" text "$3", "account" text "$4", "region" text "$5", "node" text "$6",
        "place" text "$7", "ended_at" integer "$8", "body" text "$9"
    ]),
    table!(@ "stream_samples", true, 2, "(stream, minute) > ($1, $2)", "stream, minute", None, [
        "stream" text "$1", "minute" integer "$2", "samples" bytes "$3"
    ]),
    table!(@ "session_events", true, 2, "(stream, number) > ($1, $2)", "stream, number", None, [
        "stream" text "$1", "number" integer "$2", "body" text "$3"
    ]),
    // With these, sessions that were open end when their node was last seen, and events that were on their
    // way arrive after a restore.
    table!(@ "nodes", false, 1, "name > $1", "name", None, ["name" text "$1", "beaten_at" integer "$2"]),
    table!(unasked "outbox" [
        "id" text "$2", "happened_at" integer "$3", "account" text "$4", "region" text "$5", "lane" text "$6",
        "envelope" text "$7"
    ]),
    table!(@ "event_sinks", false, 1, "name > $1", "name", None, [
        "name" text "$1", "position" integer "$2", "holder" text "$3", "held_until" integer "$4"
    ]),
    table!(unasked "dead_letters" [
        "sink" text "$2", "event" integer "$3", "id" text "$4", "happened_at" integer "$5",
        "account" text "$6", "envelope" text "$7", "attempts" integer "$8", "failed_at" integer "$9",
        "reason" text "$10", "due" integer "$11"
    ]),
    table!(@ "viewer_revocations", true, 2, "(channel, viewer) > ($1, $2)", "channel, viewer", None, [
        "channel" text "$1", "viewer" text "$2", "version" integer "$3", "revoked_at" integer "$4"
    ]),
    table!(unasked "revocation_order" ["channel" text "$2", "viewer" text "$3"]),
    table!(@ "spent_playback_tokens", false, 1, "id > $1", "id", None, [
        "id" bytes "$1", "expires_at" integer "$2"
    ]),
    table!(@ "usage", true, 3, "(account, region, kind) > ($1, $2, $3)", "account, region, kind", None, [
        "account" text "$1", "region" text "$2", "kind" text "$3", "used" integer "$4"
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[tokio::test]
    async fn every_table_and_every_column_is_backed_up() {
        let store = Store::in_memory().await.expect("an empty database");
        let sql = "SELECT tables.name, columns.name, columns.type FROM sqlite_master AS tables \
            JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' \
            AND tables.name NOT LIKE 'sqlite_%' AND tables.name <> '_sqlx_migrations'";
        let rows = store.database.fetch("the tables", sql, &[]).await.expect("the schema");
        let text = |row: &Row, column| row.text(column).expect("a text").to_owned();
        let there: Vec<_> = rows.iter().map(|row| (text(row, 0), text(row, 1), text(row, 2))).collect();
        for (table, column, kind) in &there {
            let known = Table::named(table).unwrap_or_else(|| panic!("{table} is not backed up"));
            let columns = known.page.split(" FROM ").next().unwrap_or_default();
            let columns: Vec<_> = columns.trim_start_matches("SELECT ").split(", ").collect();
            let at = columns.iter().position(|name| name == column);
            let at = at.unwrap_or_else(|| panic!("{table}.{column} is not backed up"));
            let wanted = match kind.as_str() {
                "TEXT" => Kind::Text,
                "BLOB" => Kind::Bytes,
                _ => Kind::Integer,
            };
            assert_eq!(known.columns[at], wanted, "{table}.{column}");
        }
        let columns: usize = TABLES.iter().map(|table| table.columns.len()).sum();
        assert_eq!(columns, there.len(), "a column that is no more is still backed up");
    }

    #[tokio::test]
    async fn a_backup_names_the_newest_step_and_both_databases_have_the_same_steps() {
        let store = Store::in_memory().await.expect("an empty database");
        let sql = "SELECT MAX(version) FROM _sqlx_migrations";
        let rows = store.database.fetch("the steps", sql, &[]).await.expect("the book of steps");
        assert_eq!(rows[0].integer(0).expect("a number"), crate::backup::MIGRATION);
        let steps = |database: &str| {
            let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
            let files = std::fs::read_dir(folder).expect("a folder of steps");
            let mut names: Vec<_> = files.map(|file| file.expect("a step").file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(steps("sqlite"), steps("postgres"));
    }
}

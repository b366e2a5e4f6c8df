//! The steps that bring a database up to date, as they are in the binary.
//!
//! Promise: both backends have the same steps; a step's version and description are its file's name, its checksum
//! that of its text, so databases that other versions made are known again.

use std::sync::LazyLock;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The files of a folder below `migrations`. A list rather than sqlx's macro, which reads the folder: for the macro
/// the whole driver would be compiled once more, for the compiler's own machine.
macro_rules! steps {
    ($folder:literal) => {
        steps!($folder:
            "0001_first_light",
            "0002_control_plane",
            "0003_chat",
            "0004_life_of_a_stream",
            "0005_private_channels",
            "0006_recordings",
            "0007_stream_samples",
        )
    };
    ($folder:literal: $($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../migrations/", $folder, "/", $name, ".sql")))),*]
    };
}

pub(crate) static SQLITE: LazyLock<Migrator> = LazyLock::new(|| migrator(steps!("sqlite")));
pub(crate) static POSTGRES: LazyLock<Migrator> = LazyLock::new(|| migrator(steps!("postgres")));

fn migrator(steps: &[(&'static str, &'static str)]) -> Migrator {
    Migrator::with_migrations(steps.iter().map(|(name, sql)| migration(name, sql)).collect())
}

fn migration(name: &str, sql: &'static str) -> Migration {
    let (version, description) = name.split_once('_').expect("a number and words");
    let version = version.parse().expect("a number and words");
    let sql = SqlStr::from_static(sql);
    Migration::new(version, description.replace('_', " ").into(), MigrationType::Simple, sql, false)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::migrate::MigrationSource as _;

    use super::*;

    /// Everything that is kept in a database of a step.
    fn kept(migration: &Migration) -> (i64, &str, &[u8], &str) {
        (migration.version, &migration.description, &migration.checksum, migration.sql.as_str())
    }

    #[tokio::test]
    async fn every_step_of_a_folder_is_in_the_binary_as_sqlx_reads_it() {
        for (folder, ours) in [("sqlite", &SQLITE), ("postgres", &POSTGRES)] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let read = folder.resolve().await.expect("a folder of steps");
            let read: Vec<_> = read.iter().map(kept).collect();
            assert_eq!(ours.iter().map(kept).collect::<Vec<_>>(), read);
        }
    }
}

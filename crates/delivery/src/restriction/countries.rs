//! Countries: where an address is, by a database in MaxMind's format.
//!
//! Promise: a database that can't be read, or knows no countries, is refused with the reason and never takes the
//! place of one that is in use; what an odd record does is that its addresses have no country.

use std::fmt;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use maxminddb::{MaxMindDbError, PathElement, Reader, WithinOptions};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// How often it is looked whether the file was replaced.
const LOOK: Duration = Duration::from_secs(30);
/// Networks that are read to see whether a database is what it should be.
const SAMPLE: usize = 100_000;
/// Where records of GeoLite2, GeoIP2 and DB-IP have the country.
const PLACE: [PathElement<'static>; 2] = [PathElement::Key("country"), PathElement::Key("iso_code")];

/// A country by its code of ISO 3166-1 alpha-2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Country([u8; 2]);

impl Country {
    /// Two capital letters, whether or not there is such a country.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// The two letters.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a database of countries can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CountriesError {
    /// No file, or none that may be read.
    #[error("reading the file")]
    Read(#[source] std::io::Error),
    /// Not of MaxMind's format, or damaged.
    #[error("understanding it as a MaxMind database")]
    Format(#[source] MaxMindDbError),
    /// Whatever it tells of addresses, it is not the country.
    #[error("it has no country.iso_code for any address (a database of kind {kind:?})")]
    Other {
        /// What it calls itself.
        kind: String,
    },
}

/// What tells one file from another that took its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl Mark {
    fn of(path: &Path) -> Result<Self, CountriesError> {
        let file = std::fs::metadata(path).map_err(CountriesError::Read)?;
        Ok(Self { modified: file.modified().ok(), bytes: file.len(), inode: file.ino() })
    }
}

type Database = Reader<Vec<u8>>;

/// A database file, read into memory. Clones are the same.
#[derive(Clone)]
pub struct Countries {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    /// Of the last file that was tried; none when there was none.
    mark: Mutex<Option<Mark>>,
    database: RwLock<Database>,
}

impl fmt::Debug for Countries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Countries").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl Countries {
    /// Reads the file; blocks meanwhile.
    ///
    /// # Errors
    /// [`CountriesError`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, CountriesError> {
        let path = path.into();
        // First: a file that is put there after the look is seen as another one later.
        let mark = Mark::of(&path)?;
        let database = RwLock::new(read(&path)?);
        Ok(Self { inner: Arc::new(Inner { path, mark: Mutex::new(Some(mark)), database }) })
    }

    /// Where an address is; `None` where the database does not tell.
    pub(crate) fn country(&self, address: IpAddr) -> Option<Country> {
        let database = self.inner.database.read().unwrap_or_else(PoisonError::into_inner);
        find(&database, address.to_canonical())
    }

    /// Takes a file that took the old one's place; blocks meanwhile. Says whether there was one.
    ///
    /// # Errors
    /// [`CountriesError`], once for each file; the old database stays.
    fn renew(&self) -> Result<bool, CountriesError> {
        let mark = Mark::of(&self.inner.path);
        let mut last = self.inner.mark.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == mark.as_ref().ok().copied() {
            return Ok(false);
        }
        *last = mark.as_ref().ok().copied();
        mark?;
        let database = read(&self.inner.path)?;
        *self.inner.database.write().unwrap_or_else(PoisonError::into_inner) = database;
        Ok(true)
    }

    /// Looks for a new file now and then until `shutdown`.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
            let countries = self.clone();
            let path = self.inner.path.display();
            match tokio::task::spawn_blocking(move || countries.renew()).await {
                Ok(Ok(true)) => info!(%path, "the database of countries was replaced"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    let error = &error as &dyn std::error::Error;
                    error!(%path, error, "the database of countries can't be replaced; the old one stays");
                }
                Err(error) => error!(%path, %error, "looking for a database of countries failed"),
            }
        }
    }
}

fn read(path: &Path) -> Result<Database, CountriesError> {
    believed(std::fs::read(path).map_err(CountriesError::Read)?)
}

/// Reads enough of a database's records to believe it.
fn believed(bytes: Vec<u8>) -> Result<Database, CountriesError> {
    let database = Reader::from_source(bytes).map_err(CountriesError::Format)?;
    let mut knows_countries = false;
    for record in database.networks(WithinOptions::default()).map_err(CountriesError::Format)?.take(SAMPLE) {
        let code = record.and_then(|record| record.decode_path::<&str>(&PLACE));
        knows_countries |= code.map_err(CountriesError::Format)?.is_some();
    }
    if knows_countries {
        return Ok(database);
    }
    Err(CountriesError::Other { kind: database.metadata().database_type.clone() })
}

fn find(database: &Database, address: IpAddr) -> Option<Country> {
    let record = database.lookup(address).ok()?;
    Country::parse(record.decode_path::<&str>(&PLACE).ok()??)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Made by `tests/harness/countries.py`.
    const COUNTRIES: &[u8] = include_bytes!("../../testdata/countries.mmdb");
    const NETWORKS: &[u8] = include_bytes!("../../testdata/networks.mmdb");

    /// A folder of a test's own, with a database in it if there are bytes.
    fn placed(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("countries.mmdb");
        std::fs::write(&path, bytes).expect("a file");
        (folder, path)
    }

    /// Puts a file in another one's place in one move, as downloaders do.
    fn replace(path: &Path, bytes: &[u8]) {
        let fresh = path.with_extension("fresh");
        std::fs::write(&fresh, bytes).expect("a file");
        std::fs::rename(fresh, path).expect("a move");
    }

    fn told(countries: &Countries, address: &str) -> String {
        let country = countries.country(address.parse().expect("an address"));
        country.map_or_else(|| "nowhere".to_owned(), |country| country.to_string())
    }

    #[test]
    fn addresses_of_both_kinds_have_the_countries_of_their_networks() {
        let (_folder, path) = placed(COUNTRIES);
        let countries = Countries::open(path).expect("a database");
        for (address, country) in [
            ("192.0.2.1", "DE"),
            ("::ffff:192.0.2.1", "DE"),
            ("198.51.100.127", "US"),
            ("198.51.100.128", "nowhere"),
            ("2001:db8:ff::1", "JP"),
            ("2001:db8:100::1", "FR"),
            ("2001:db8:200::1", "nowhere"),
            ("203.0.113.7", "nowhere"),
            ("127.0.0.1", "nowhere"),
            ("::1", "nowhere"),
            ("0.0.0.0", "nowhere"),
            ("255.255.255.255", "nowhere"),
        ] {
            assert_eq!(told(&countries, address), country, "{address}");
        }
    }

    #[test]
    fn a_file_that_tells_no_countries_is_refused_with_the_reason() {
        let (folder, path) = placed(NETWORKS);
        let refused = Countries::open(path).expect_err("it tells of networks");
        assert!(refused.to_string().contains("GeoLite2-ASN"), "{refused}");
        let absent = Countries::open(folder.path().join("absent.mmdb"));
        assert!(matches!(absent, Err(CountriesError::Read(_))));
        assert!(matches!(Countries::open(folder.path()), Err(CountriesError::Read(_))));
        for bytes in [b"".as_slice(), b"<html>", &COUNTRIES[..COUNTRIES.len() / 2]] {
            let (_folder, path) = placed(bytes);
            assert!(matches!(Countries::open(path), Err(CountriesError::Format(_))));
        }
    }

    #[test]
    fn a_file_that_took_the_others_place_is_taken_a_broken_one_is_not() {
        let (_folder, path) = placed(COUNTRIES);
        let countries = Countries::open(&path).expect("a database");
        assert!(matches!(countries.renew(), Ok(false)));
        replace(&path, &COUNTRIES[..100]);
        assert!(matches!(countries.renew(), Err(CountriesError::Format(_))));
        assert!(matches!(countries.renew(), Ok(false)), "said once");
        std::fs::remove_file(&path).expect("a file");
        assert!(matches!(countries.renew(), Err(CountriesError::Read(_))));
        assert!(matches!(countries.renew(), Ok(false)), "said once");
        assert_eq!(told(&countries, "192.0.2.1"), "DE");
        let at = COUNTRIES.windows(2).position(|two| two == b"DE").expect("a code");
        let mut other = COUNTRIES.to_vec();
        other[at..at + 2].copy_from_slice(b"AT");
        replace(&path, &other);
        assert!(matches!(countries.renew(), Ok(true)));
        assert_eq!(told(&countries, "192.0.2.1"), "AT");
    }

    #[test]
    fn only_two_capital_letters_are_a_country() {
        assert_eq!(Country::parse("DE").map(|country| country.to_string()).as_deref(), Some("DE"));
        for code in ["", "D", "DEU", "de", "D1", "Ä"] {
            assert_eq!(Country::parse(code), None, "{code}");
        }
    }

    proptest! {
        #[test]
        fn damaged_files_are_refused_or_read_without_a_panic(
            spoilt in prop::collection::vec((0..COUNTRIES.len(), any::<u8>()), 1..20),
            length in 0..=COUNTRIES.len(),
            is_cut: bool,
            address: [u8; 16],
        ) {
            let mut bytes = COUNTRIES.to_vec();
            for (at, byte) in spoilt {
                bytes[at] = byte;
            }
            bytes.truncate(if is_cut { length } else { COUNTRIES.len() });
            if let Ok(database) = believed(bytes) {
                let [a, b, c, d, ..] = address;
                let _ = (find(&database, address.into()), find(&database, [a, b, c, d].into()));
                let _ = find(&database, [192, 0, 2, d].into());
            }
        }

        #[test]
        fn what_is_no_database_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert!(believed(bytes).is_err());
        }
    }
}

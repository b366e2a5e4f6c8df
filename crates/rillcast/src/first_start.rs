//! What the first start leaves behind: a data folder, a root access key, a credentials file.
//!
//! Promise: a root key is never without its file, the file is its owner's alone, and a later start changes
//! neither.

use std::path::PathBuf;
use std::time::SystemTime;

use store::{AccessKey, Store, StoreError};

use crate::config::Config;
use crate::{entropy, files};

/// Name of the database in the data folder.
pub(crate) const DATABASE: &str = "rillcast.db";
/// Name of the AWS-style credentials file in the data folder.
pub(crate) const CREDENTIALS: &str = "credentials";

/// Name of the first key's holder.
const ROOT: &str = "root";

/// Why the data folder could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The folder.
    #[error("making the data folder {}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The credentials file.
    #[error("writing {}", path.display())]
    Credentials {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database.
    #[error("opening the database in {}", path.display())]
    Store {
        /// In which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The database server.
    #[error("opening the database server that `database` names")]
    Server(#[source] StoreError),
    /// The first access key.
    #[error("making the root access key")]
    RootKey(#[source] StoreError),
}

/// Opens the database that the configuration names: that of a server, or the data folder's own, which is
/// made if it is not there. The data folder is made in both cases; certificates and credentials live there.
pub(crate) async fn open(config: &Config) -> Result<Store, FirstStartError> {
    let data_dir = &config.data_dir;
    files::private_folder(data_dir)
        .map_err(|source| FirstStartError::Folder { path: data_dir.to_owned(), source })?;
    match &config.database {
        Some(url) => Store::connect(url.reveal()).await.map_err(FirstStartError::Server),
        None => Store::open(&data_dir.join(DATABASE))
            .await
            .map_err(|source| FirstStartError::Store { path: data_dir.to_owned(), source }),
    }
}

/// Refuses a data folder that has no database.
pub(crate) fn must_exist(config: &Config) -> Result<(), String> {
    let path = config.data_dir.join(DATABASE);
    if config.database.is_some() || path.exists() {
        return Ok(());
    }
    Err(format!("there is no database {}; is data_dir right?", path.display()))
}

/// Makes the root key and its file when the database has no key yet. True when it did.
///
/// The file comes first: were it the other way round, a start that dies in between would leave a server
/// whose secret nobody knows.
pub(crate) async fn root_key(store: &Store, config: &Config) -> Result<bool, FirstStartError> {
    if !store.list_access_keys().await.map_err(FirstStartError::RootKey)?.is_empty() {
        return Ok(false);
    }
    let key = AccessKey {
        name: ROOT.to_owned(),
        ..AccessKey::mint(config.account.clone(), SystemTime::now(), &mut entropy::fill)
    };
    let path = config.data_dir.join(CREDENTIALS);
    let text = credentials(&key, config.region.as_str());
    let failed = |source| FirstStartError::Credentials { path: path.clone(), source };
    files::write_private(&path, text.as_bytes()).map_err(failed)?;
    let first = store.add_first_access_key(&key).await.map_err(FirstStartError::RootKey)?;
    if !first {
        // Another server on this database was quicker: what is written here opens nothing.
        std::fs::remove_file(&path).map_err(failed)?;
    }
    Ok(first)
}

/// The key as an AWS shared credentials file, profile `default`.
pub(crate) fn credentials(key: &AccessKey, region: &str) -> String {
    format!(
        "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = {region}\n",
        key.id,
        key.secret.reveal()
    )
}

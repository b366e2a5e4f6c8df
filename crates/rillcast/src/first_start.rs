//! What the first start leaves behind: a data folder, a root access key, a credentials file.
//!
//! Promise: the key exists before its file does, the file is its owner's alone, and a later start
//! changes neither.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use domain::AccountId;
use store::{AccessKey, Store, StoreError};

use crate::config::Config;
use crate::{entropy, files};

/// Name of the database in the data folder.
pub(crate) const DATABASE: &str = "rillcast.db";
/// Name of the AWS-style credentials file in the data folder.
pub(crate) const CREDENTIALS: &str = "credentials";

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
}

/// Opens the data folder's database, making folder and database if they are not there.
pub(crate) async fn open(data_dir: &Path) -> Result<Store, FirstStartError> {
    files::private_folder(data_dir)
        .map_err(|source| FirstStartError::Folder { path: data_dir.to_owned(), source })?;
    let failed = |source| FirstStartError::Store { path: data_dir.to_owned(), source };
    Store::open(&data_dir.join(DATABASE)).await.map_err(failed)
}

/// Makes the root key and its file when the database has no key yet. True when it did.
pub(crate) async fn root_key(store: &Store, config: &Config) -> Result<bool, FirstStartError> {
    let failed = |source| FirstStartError::Store { path: config.data_dir.clone(), source };
    if !store.list_access_keys().await.map_err(failed)?.is_empty() {
        return Ok(false);
    }
    let key = add_key(store, &config.account).await.map_err(failed)?;
    let path = config.data_dir.join(CREDENTIALS);
    let text = credentials(&key, config.region.as_str());
    files::write_private(&path, text.as_bytes())
        .map_err(|source| FirstStartError::Credentials { path, source })?;
    Ok(true)
}

/// Makes an access key for the account.
pub(crate) async fn add_key(store: &Store, account: &AccountId) -> Result<AccessKey, StoreError> {
    let key = AccessKey::mint(account.clone(), SystemTime::now(), &mut entropy::fill);
    store.add_access_key(&key).await?;
    Ok(key)
}

/// The key as an AWS shared credentials file, profile `default`.
pub(crate) fn credentials(key: &AccessKey, region: &str) -> String {
    format!(
        "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = {region}\n",
        key.id,
        key.secret.reveal()
    )
}

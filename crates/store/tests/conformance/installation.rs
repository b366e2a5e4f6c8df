//! The installation's secrets on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use store::Store;
use tokio::task::JoinSet;

pub(crate) async fn a_secret_is_made_once_and_kept(store: &Store) {
    assert_eq!(store.installation_secret("pages", &[1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.installation_secret("pages", &[2; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.installation_secret("other", &[3; 32]).await.unwrap(), [3; 32]);
}

pub(crate) async fn racing_first_readers_agree_on_the_secret(store: &Store) {
    let mut readers = JoinSet::new();
    for number in 0..16u8 {
        let store = store.clone();
        readers.spawn(async move { store.installation_secret("pages", &[number; 32]).await.unwrap() });
    }
    let mut secrets = readers.join_all().await;
    secrets.dedup();
    assert_eq!(secrets.len(), 1);
}

//! Access keys as the signature's check sees them.
//!
//! Promise: what the command line changes counts from the next look-up on.

use std::time::SystemTime;

use api::KeyRing;
use auth::policy::READ_ONLY;
use domain::AccountId;
use store::{AccessKey, AccessSecret};

use crate::house::House;

#[tokio::test]
async fn a_key_is_found_with_secret_account_and_state_until_it_is_removed() {
    let house = House::new().await;
    let key = AccessKey {
        id: "RILLABCDEFGHIJKLMNOP".to_owned(),
        secret: AccessSecret::new("s3cret".to_owned()),
        account: AccountId::parse("123456789012").unwrap(),
        name: String::new(),
        policy: READ_ONLY.to_owned(),
        active: true,
        created_at: SystemTime::UNIX_EPOCH,
    };
    house.store.add_access_key(&key).await.unwrap();
    let found = house.control.find(&key.id).await.unwrap().unwrap();
    assert_eq!((found.secret.0.as_str(), &found.account, found.active), ("s3cret", &key.account, true));
    assert_eq!(found.name, key.id, "a key without a name is called by its id");

    house.store.set_access_key_active(&key.id, false).await.unwrap();
    assert!(!house.control.find(&key.id).await.unwrap().unwrap().active);
    house.store.remove_access_key(&key.id).await.unwrap();
    assert!(house.control.find(&key.id).await.unwrap().is_none());
    assert!(house.control.find("no such key").await.unwrap().is_none());
}

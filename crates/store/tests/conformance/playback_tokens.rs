//! Used playback tokens on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use store::Store;
use tokio::task::JoinSet;

pub(crate) async fn a_playback_token_is_first_once(store: &Store) {
    for (id, expires_at) in [([0; 16], 0), ([255; 16], i64::MAX), (*b"'; DROP TABLE x;", i64::MIN)] {
        assert!(store.spend_playback_token(id, expires_at).await.unwrap());
        assert!(!store.spend_playback_token(id, expires_at).await.unwrap());
        assert!(!store.spend_playback_token(id, 7).await.unwrap(), "a name is used up, whatever the time");
    }
}

pub(crate) async fn of_racing_uses_of_a_playback_token_one_is_first(store: &Store) {
    let mut racers = JoinSet::new();
    for racer in 0..16_u8 {
        let store = store.clone();
        racers.spawn(async move {
            let mut first = 0;
            for token in 0..20_u8 {
                let id = [token.wrapping_add(racer) % 20; 16];
                first += u32::from(store.spend_playback_token(id, 9).await.unwrap());
            }
            first
        });
    }
    assert_eq!(racers.join_all().await.into_iter().sum::<u32>(), 20);
}

pub(crate) async fn playback_tokens_that_ran_out_are_forgotten_the_oldest_first(store: &Store) {
    for number in 0..10_u8 {
        store.spend_playback_token([number; 16], i64::from(number)).await.unwrap();
    }
    assert_eq!(store.forget_spent_playback_tokens(0, 9).await.unwrap(), 0);
    assert_eq!(store.forget_spent_playback_tokens(8, 5).await.unwrap(), 5);
    assert!(store.spend_playback_token([4; 16], 4).await.unwrap(), "forgotten");
    assert!(!store.spend_playback_token([5; 16], 5).await.unwrap());
    assert_eq!(store.forget_spent_playback_tokens(8, 9).await.unwrap(), 4);
    assert_eq!(store.forget_spent_playback_tokens(8, 9).await.unwrap(), 0);
    assert!(!store.spend_playback_token([8; 16], 8).await.unwrap());
}

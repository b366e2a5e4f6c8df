//! Used chat tokens on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use store::{SpentToken, Store};
use tokio::task::JoinSet;

fn token(number: u64, expires_at: i64) -> SpentToken {
    // Spread, as random ids are: in another order than the numbers.
    let id = (u128::from(number) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    SpentToken { id: id.to_be_bytes(), expires_at }
}

pub(crate) async fn a_token_is_first_once(store: &Store) {
    assert_eq!(store.spend_chat_tokens(&[]).await.unwrap(), [true; 0]);
    let [a, b, c] = [3, 1, 2].map(|number| token(number, 100));
    assert_eq!(store.spend_chat_tokens(&[a]).await.unwrap(), [true]);
    assert_eq!(store.spend_chat_tokens(&[a]).await.unwrap(), [false]);
    assert_eq!(store.spend_chat_tokens(&[b, a, c]).await.unwrap(), [true, false, true]);
    assert_eq!(store.spend_chat_tokens(&[c, b, a]).await.unwrap(), [false; 3]);
}

pub(crate) async fn a_batch_that_names_a_token_twice_counts_the_first_mention(store: &Store) {
    let [a, b, c] = [3, 1, 2].map(|number| token(number, 100));
    let answer = store.spend_chat_tokens(&[c, a, c, b, a, c]).await.unwrap();
    assert_eq!(answer, [true, true, false, true, false, false]);
    assert_eq!(store.spend_chat_tokens(&[c, c]).await.unwrap(), [false, false]);
}

pub(crate) async fn strange_ids_and_times_are_tokens_like_others(store: &Store) {
    let ids = [[0; 16], [255; 16], *b"'; DROP TABLE x;"];
    let times = [i64::MIN, -1, 0, i64::MAX];
    let strange: Vec<_> =
        times.iter().flat_map(|time| ids.map(|id| SpentToken { id, expires_at: *time })).collect();
    assert_eq!(store.spend_chat_tokens(&strange).await.unwrap(), [true; 12]);
    assert_eq!(store.spend_chat_tokens(&strange).await.unwrap(), [false; 12]);
}

pub(crate) async fn of_racing_batches_one_is_first_for_each_token(store: &Store) {
    let mut racers = JoinSet::new();
    for racer in 0..8_usize {
        let store = store.clone();
        racers.spawn(async move {
            // Each in another order, some twice, and each a hundred of its own.
            let mut tokens: Vec<_> =
                (0..200).map(|number| token(number, 1_000 + number as i64 % 7)).collect();
            tokens.rotate_left(racer * 25);
            if racer % 2 == 1 {
                tokens.reverse();
            }
            tokens.extend_from_within(..20);
            let own = 1_000 * (racer as u64 + 1);
            tokens.extend((own..own + 100).map(|number| token(number, 1_003)));
            let mut first = Vec::new();
            for batch in tokens.chunks(64) {
                let answers = store.spend_chat_tokens(batch).await.unwrap();
                first.extend(batch.iter().zip(answers).filter(|(_, first)| *first).map(|(token, _)| *token));
            }
            first
        });
    }
    let mut first: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    first.sort();
    let told = first.len();
    first.dedup();
    assert_eq!((told, first.len()), (1_000, 1_000), "each is first, and is so once");
}

pub(crate) async fn forgetting_takes_those_that_ran_out_and_no_other(store: &Store) {
    // More than one slice, many of them of one time.
    let old: Vec<_> = (0..12_000).map(|number| token(number, if number < 7_000 { 5 } else { 9 })).collect();
    for batch in old.chunks(500) {
        store.spend_chat_tokens(batch).await.unwrap();
    }
    let fresh = token(99_999, 10);
    store.spend_chat_tokens(&[fresh]).await.unwrap();
    assert_eq!(store.forget_spent_chat_tokens(5).await.unwrap(), 0);
    assert_eq!(store.forget_spent_chat_tokens(10).await.unwrap(), 12_000);
    assert_eq!(store.forget_spent_chat_tokens(10).await.unwrap(), 0);
    assert_eq!(store.spend_chat_tokens(&[old[0], fresh]).await.unwrap(), [true, false]);
}

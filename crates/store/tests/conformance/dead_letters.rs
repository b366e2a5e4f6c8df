//! Dead letters on every backend.
//!
//! Promise: each function needs an empty store and leaves nothing running.

use domain::AccountId;
use store::{DeadLetter, PageRequest, Store};

use crate::sample::{event_id, home};

fn letter(sink: &str, position: i64) -> DeadLetter {
    DeadLetter {
        sink: sink.to_owned(),
        position,
        id: event_id(position),
        at: -position,
        account: home().account,
        envelope: format!("{{\"number\":{position}}}"),
        attempts: 5,
        failed_at: 1_000 + position,
        reason: "410 Gone".to_owned(),
    }
}

fn other_account() -> AccountId {
    AccountId::parse("999999999999").unwrap()
}

fn foreign(sink: &str, position: i64) -> DeadLetter {
    DeadLetter { account: other_account(), ..letter(sink, position) }
}

async fn put(store: &Store, letters: &[DeadLetter]) {
    store.put_dead_letters(letters).await.unwrap();
}

/// Sink and position of all that match, in pages of two.
async fn listed(store: &Store, sink: Option<&str>, account: Option<&AccountId>) -> Vec<(String, i64)> {
    let (mut request, mut found) = (PageRequest::first(2), Vec::new());
    loop {
        let page = store.dead_letters(sink, request, account).await.unwrap();
        assert!(page.items.len() <= 2);
        found.extend(page.items.into_iter().map(|letter| (letter.sink, letter.position)));
        let Some(next) = page.next else { return found };
        request.after = next;
    }
}

async fn due(store: &Store, sink: &str) -> Vec<i64> {
    store.due_letters(sink, 9).await.unwrap().into_iter().map(|letter| letter.position).collect()
}

fn named(letters: &[(&str, i64)]) -> Vec<(String, i64)> {
    letters.iter().map(|(sink, position)| ((*sink).to_owned(), *position)).collect()
}

pub(crate) async fn letters_are_listed_by_sink_and_by_account(store: &Store) {
    put(store, &[letter("a", 3), letter("b", 3), foreign("a", 1)]).await;
    put(store, &[]).await;
    put(store, &[foreign("b", 9), letter("a", 2)]).await;
    let (home, other) = (home().account, other_account());
    let all = named(&[("a", 3), ("b", 3), ("a", 1), ("b", 9), ("a", 2)]);
    assert_eq!(listed(store, None, None).await, all);
    assert_eq!(listed(store, Some("a"), None).await, named(&[("a", 3), ("a", 1), ("a", 2)]));
    assert_eq!(listed(store, None, Some(&other)).await, named(&[("a", 1), ("b", 9)]));
    assert_eq!(listed(store, Some("a"), Some(&home)).await, named(&[("a", 3), ("a", 2)]));
    assert_eq!(listed(store, Some("b"), Some(&other)).await, named(&[("b", 9)]));
    for nothing in ["c", "", "a\0"] {
        assert_eq!(listed(store, Some(nothing), None).await, []);
        assert_eq!(store.redeliver(Some(nothing), None, None).await.unwrap(), 0);
    }
    let page = store.dead_letters(Some("b"), PageRequest::first(1), None).await.unwrap();
    assert_eq!(page.items, [letter("b", 3)], "whole");
}

pub(crate) async fn of_an_event_that_was_refused_again_the_newest_letter_stands(store: &Store) {
    put(store, &[letter("a", 1), letter("a", 2)]).await;
    assert_eq!(store.redeliver(None, None, None).await.unwrap(), 2);
    let again = DeadLetter { attempts: 10, failed_at: 9_000, reason: "404".to_owned(), ..letter("a", 1) };
    put(store, std::slice::from_ref(&again)).await;
    assert_eq!(due(store, "a").await, [2], "it was tried");
    let page = store.dead_letters(None, PageRequest::first(9), None).await.unwrap();
    assert_eq!(page.items, [again, letter("a", 2)]);
}

pub(crate) async fn what_is_to_be_delivered_again_is_due_in_the_order_of_events(store: &Store) {
    put(store, &[letter("a", 3), letter("b", 3), foreign("a", 1), letter("a", 2), letter("b", 7)]).await;
    assert_eq!(due(store, "a").await, [0; 0]);
    let (id, home, other) = (event_id(3), home().account, other_account());
    assert_eq!(store.redeliver(Some("a"), Some(&id), Some(&other)).await.unwrap(), 0, "another account's");
    assert_eq!(store.redeliver(Some("a"), Some(&id), Some(&home)).await.unwrap(), 1);
    assert_eq!(due(store, "a").await, [3]);
    assert_eq!(store.redeliver(None, Some(&id), None).await.unwrap(), 1, "that of the other sink");
    assert_eq!(due(store, "b").await, [3]);
    assert_eq!(store.redeliver(Some("a"), None, None).await.unwrap(), 2, "less the one that was due");
    assert_eq!(due(store, "a").await, [1, 2, 3]);
    assert_eq!(store.due_letters("a", 1).await.unwrap(), [foreign("a", 1)], "whole");
    store.remove_letter("a", 1).await.unwrap();
    store.remove_letter("a", 1).await.unwrap();
    store.remove_letter("b", 2).await.unwrap();
    assert_eq!(due(store, "a").await, [2, 3]);
    assert_eq!(listed(store, None, Some(&other)).await, []);
    assert_eq!(store.redeliver(None, None, None).await.unwrap(), 1, "the last one that was not due");
}

pub(crate) async fn any_reason_can_be_kept_and_of_a_long_one_its_beginning(store: &Store) {
    let said = |reason: String| DeadLetter { reason, ..letter("a", 1) };
    put(store, &[said("a\0b \u{1f642}".to_owned())]).await;
    let kept = async || {
        let page = store.dead_letters(None, PageRequest::first(9), None).await.unwrap();
        page.items[0].reason.clone()
    };
    assert_eq!(kept().await, "a\u{fffd}b \u{1f642}");
    put(store, &[said("ü".repeat(1 << 20))]).await;
    assert_eq!(kept().await, "ü".repeat(1_000));
}

pub(crate) async fn letters_whose_time_is_over_are_forgotten(store: &Store) {
    put(store, &[letter("a", 5), letter("a", 1), letter("b", 3), letter("a", 2)]).await;
    assert_eq!(store.forget_letters(1_001, 9).await.unwrap(), 0);
    assert_eq!(store.forget_letters(1_004, 2).await.unwrap(), 2);
    assert_eq!(listed(store, None, None).await, named(&[("a", 5), ("b", 3)]));
    assert_eq!(store.forget_letters(1_004, 9).await.unwrap(), 1);
    assert_eq!(listed(store, None, None).await, named(&[("a", 5)]));
}

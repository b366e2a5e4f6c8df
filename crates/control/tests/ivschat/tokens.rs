//! `CreateChatToken`.
//!
//! Promise: tokens are opened with the keys of the store, as a server opens them that was started a moment ago.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::ivschat::{
    ChatTokenCapability as Capability, CreateChatTokenRequest, CreateChatTokenResponse, IvsChat,
};
use api::{Sensitive, Timestamp};
use auth::chat_token::{self, ChatClaims, ChatTokenKey};
use control::Config;
use domain::ChatCapability;
use store::Store;

use crate::house::{House, INVALID, NOT_FOUND, caller, named, refused_as};

fn ask(room: &str) -> CreateChatTokenRequest {
    CreateChatTokenRequest {
        room_identifier: room.to_owned(),
        user_id: Sensitive("user ✓".to_owned()),
        ..Default::default()
    }
}

async fn token(house: &House, input: CreateChatTokenRequest) -> CreateChatTokenResponse {
    house.control.create_chat_token(&caller(), input).await.unwrap()
}

async fn open(store: &Store, token: &str) -> ChatClaims {
    let keys = store.chat_token_keys().await.unwrap();
    let keys: Vec<_> = keys.into_iter().map(|key| ChatTokenKey { id: key.id, secret: key.secret }).collect();
    chat_token::open(token, |id| keys.iter().find(|key| key.id == id)).unwrap()
}

fn text(answer: &CreateChatTokenResponse) -> &str {
    &answer.token.as_ref().unwrap().0
}

fn seconds(time: Option<Timestamp>) -> u64 {
    SystemTime::from(time.unwrap()).duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn a_token_says_what_was_asked_and_views_only_by_default() {
    let house = House::new().await;
    let room = house.room("a").await;
    let answer = token(&house, ask(&room)).await;
    let claims = open(&house.store, text(&answer)).await;
    assert_eq!((claims.room, claims.user.as_str()), (named(&room), "user ✓"));
    assert_eq!((claims.attributes.len(), claims.capabilities.len()), (0, 0));
    let attributes = BTreeMap::from([("name".to_owned(), "Max".to_owned())]);
    let input = CreateChatTokenRequest {
        attributes: Some(Sensitive(attributes.clone())),
        capabilities: Some(vec![
            Capability::DeleteMessage,
            Capability::SendMessage,
            Capability::DeleteMessage,
        ]),
        ..ask(&room)
    };
    let claims = open(&house.store, text(&token(&house, input).await)).await;
    assert_eq!(claims.attributes, attributes);
    assert_eq!(claims.capabilities, [ChatCapability::DeleteMessage, ChatCapability::SendMessage]);
}

#[tokio::test]
async fn a_token_fits_a_subprotocol_and_is_never_the_same_twice() {
    let house = House::new().await;
    let room = house.room("a").await;
    let (one, other) = (token(&house, ask(&room)).await, token(&house, ask(&room)).await);
    assert_ne!(text(&one), text(&other));
    assert_ne!(open(&house.store, text(&one)).await.id, open(&house.store, text(&other)).await.id);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    assert!(text(&one).bytes().all(fits), "{}", text(&one));
}

/// The official SDK for JavaScript fetches a new token a minute before this one runs out.
#[tokio::test]
async fn the_sdks_refresh_timer_has_minutes_also_when_the_session_has_one() {
    let house = House::new().await;
    let room = house.room("a").await;
    for (asked, session, opens) in [(None, 60, 60), (Some(1), 1, 5), (Some(5), 5, 5), (Some(180), 180, 180)] {
        let before = now();
        let input = CreateChatTokenRequest { session_duration_in_minutes: asked, ..ask(&room) };
        let answer = token(&house, input).await;
        let claims = open(&house.store, text(&answer)).await;
        let after = now();
        for (time, claim, minutes) in [
            (seconds(answer.session_expiration_time), claims.session_expires_at, session),
            (seconds(answer.token_expiration_time), claims.token_expires_at, opens),
        ] {
            assert!((before + minutes * 60..=after + minutes * 60).contains(&time), "{asked:?}");
            assert_eq!(u64::try_from(claim).unwrap() / 1_000, time, "what is said is what is sealed");
        }
    }
}

#[tokio::test]
async fn attributes_have_1024_bytes_of_keys_and_values_and_no_more() {
    let house = House::new().await;
    let room = house.room("a").await;
    let of = |length: usize| {
        let attributes = BTreeMap::from([("ü".to_owned(), "\u{1}".repeat(length - 2))]);
        CreateChatTokenRequest { attributes: Some(Sensitive(attributes)), ..ask(&room) }
    };
    let largest = token(&house, of(1_024)).await;
    assert!(text(&largest).len() <= chat_token::MAX_TOKEN);
    open(&house.store, text(&largest)).await;
    let text = refused_as(INVALID, house.control.create_chat_token(&caller(), of(1_025)).await);
    assert!(text.starts_with("attributes: "), "{text}");
}

#[tokio::test]
async fn a_room_that_is_not_there_has_no_tokens() {
    let house = House::new().await;
    let room = "arn:aws:ivschat:us-east-1:123456789012:room/abcdefghijkl";
    refused_as(NOT_FOUND, house.control.create_chat_token(&caller(), ask(room)).await);
    let room = house.room("a").await;
    let odd = CreateChatTokenRequest { user_id: Sensitive("a\0b".to_owned()), ..ask(&room) };
    refused_as(INVALID, house.control.create_chat_token(&caller(), odd).await);
}

#[tokio::test]
async fn nodes_on_one_store_seal_with_one_key_and_an_old_one_is_replaced() {
    let store = Store::in_memory().await.unwrap();
    let one = House::on(store.clone(), Config::default(), None).await;
    let room = one.room("a").await;
    let first = token(&one, ask(&room)).await;
    let other = House::on(store.clone(), Config::default(), None).await;
    token(&other, ask(&room)).await;
    assert_eq!(store.chat_token_keys().await.unwrap().len(), 1);
    let hasty = Config { chat_key_age: Duration::ZERO, ..Config::default() };
    let hasty = House::on(store.clone(), hasty, None).await;
    let second = token(&hasty, ask(&room)).await;
    assert_eq!(store.chat_token_keys().await.unwrap().len(), 2, "the older still opens");
    for answer in [first, second] {
        assert_eq!(open(&store, text(&answer)).await.room, named(&room));
    }
}

#[tokio::test]
async fn a_key_goes_when_no_token_of_it_can_be_left() {
    let house = House::new().await;
    let now = i64::try_from(now() * 1_000).unwrap();
    let hour = 3_600_000;
    let kept = house.store.add_chat_token_key(&[1; 32], now - 27 * hour).await.unwrap();
    house.store.add_chat_token_key(&[2; 32], now - 29 * hour).await.unwrap();
    let room = house.room("a").await;
    token(&house, ask(&room)).await;
    let left: Vec<_> =
        house.store.chat_token_keys().await.unwrap().iter().map(|key| key.created_at).collect();
    assert!(left.len() == 2 && left[1] == kept.created_at, "{left:?}");
}

//! `ImportPlaybackKeyPair`, `GetPlaybackKeyPair`, `ListPlaybackKeyPairs`, `DeletePlaybackKeyPair`.
//!
//! Promise: what keys are taken is tested beside their parser; here is what becomes of them.

use api::Call;
use api::ivs::{
    DeletePlaybackKeyPairRequest, GetPlaybackKeyPairRequest, ImportPlaybackKeyPairRequest, Ivs,
    ListPlaybackKeyPairsRequest, ListPlaybackKeyPairsResponse, PlaybackKeyPair,
};
use api::{ApiError, ivs};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Limits, Tags};
use serde_json::json;
use tokio::task::JoinSet;

use crate::house::{CONFLICT, House, INVALID, NOT_FOUND, QUOTA, caller, caller_of, refused_as};

const NO_KEY: &str = "arn:aws:ivs:us-east-1:123456789012:playback-key/abcdABCD0123";

/// Made by `openssl ecparam -name secp384r1 -genkey`, then `openssl ec -pubout`.
const SAMPLE: &str = "-----BEGIN PUBLIC KEY-----\n\
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAED5W4FWC0vHPKp4cazJDJkKwV3VxHnp+0\n\
    PvoydpLWLumejffQ4pH/x6e0JtBjW3kMQ5mLnWbnwfO+SDnIKPt75ApcU2oBrBtl\n\
    vnoDo4gb1qkf3xHQTvjDm5Yain49VDO4\n\
    -----END PUBLIC KEY-----\n";
/// By `openssl ec -pubin -outform DER | openssl md5 -c`.
const FINGERPRINT: &str = "ce:01:e1:bd:09:54:bb:4c:70:07:c0:73:6f:09:b6:b4";

fn fresh() -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let der = STANDARD.encode(pair.public_key().as_der().unwrap().as_ref());
    format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----")
}

fn of(material: &str) -> ImportPlaybackKeyPairRequest {
    ImportPlaybackKeyPairRequest { name: None, public_key_material: material.to_owned(), tags: None }
}

async fn import_as(caller: &Call, house: &House, material: &str) -> Result<PlaybackKeyPair, ApiError> {
    Ok(house.control.import_playback_key_pair(caller, of(material)).await?.key_pair.unwrap())
}

async fn import(house: &House, material: &str) -> Result<PlaybackKeyPair, ApiError> {
    import_as(&caller(), house, material).await
}

async fn get(caller: &Call, house: &House, arn: &str) -> Result<PlaybackKeyPair, ApiError> {
    let input = GetPlaybackKeyPairRequest { arn: arn.to_owned() };
    Ok(house.control.get_playback_key_pair(caller, input).await?.key_pair.unwrap())
}

async fn delete(caller: &Call, house: &House, arn: &str) -> Result<(), ApiError> {
    let input = DeletePlaybackKeyPairRequest { arn: arn.to_owned() };
    house.control.delete_playback_key_pair(caller, input).await.map(drop)
}

async fn list(house: &House, max_results: Option<i32>, next: Option<String>) -> ListPlaybackKeyPairsResponse {
    let input = ListPlaybackKeyPairsRequest { max_results, next_token: next };
    house.control.list_playback_key_pairs(&caller(), input).await.unwrap()
}

#[tokio::test]
async fn an_imported_key_shows_its_fingerprint_and_never_itself() {
    let house = House::new().await;
    let tags = Tags::from([("team".to_owned(), "video".to_owned())]);
    let input = ImportPlaybackKeyPairRequest {
        name: Some("site".to_owned()),
        tags: Some(tags.clone()),
        ..of(&SAMPLE.replace('\n', "\r\n"))
    };
    let made = house.control.import_playback_key_pair(&caller(), input).await.unwrap();
    let wire = serde_json::to_value(&made).unwrap();
    let arn = wire["keyPair"]["arn"].as_str().unwrap();
    let id = arn.strip_prefix("arn:aws:ivs:us-east-1:123456789012:playback-key/").unwrap();
    assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    let expected = json!({"arn": arn, "name": "site", "fingerprint": FINGERPRINT, "tags": {"team": "video"}});
    assert_eq!(wire["keyPair"], expected);
    assert_eq!(get(&caller(), &house, arn).await.unwrap(), made.key_pair.unwrap());

    let listed = serde_json::to_value(list(&house, None, None).await).unwrap();
    let summary = json!({"arn": arn, "name": "site", "tags": {"team": "video"}});
    assert_eq!(listed, json!({"keyPairs": [summary]}), "a summary has no fingerprint");
}

#[tokio::test]
async fn name_and_tags_are_empty_when_left_out() {
    let house = House::new().await;
    let pair = import(&house, SAMPLE).await.unwrap();
    assert_eq!((pair.name.as_deref(), pair.tags), (Some(""), Some(Tags::new())));
}

#[tokio::test]
async fn the_same_key_is_refused_until_it_was_deleted() {
    let house = House::new().await;
    let first = import(&house, SAMPLE).await.unwrap().arn.unwrap();
    let text = refused_as(CONFLICT, import(&house, &format!("\n{SAMPLE}\n")).await);
    assert!(text.starts_with("publicKeyMaterial: ") && text.contains(&first), "{text}");
    delete(&caller(), &house, &first).await.unwrap();
    refused_as(NOT_FOUND, get(&caller(), &house, &first).await);
    let second = import(&house, SAMPLE).await.unwrap();
    assert_ne!(second.arn.as_ref(), Some(&first));
    assert_eq!(second.fingerprint.as_deref(), Some(FINGERPRINT));
}

#[tokio::test]
async fn a_bad_key_or_a_reserved_tag_is_refused_before_anything_is_kept() {
    let house = House::new().await;
    let text = refused_as(INVALID, import(&house, "ssh-ed25519 AAAA").await);
    assert!(text.starts_with("publicKeyMaterial: not a PEM block"), "{text}");
    let tags = Some(Tags::from([("AWS:x".to_owned(), String::new())]));
    let input = ImportPlaybackKeyPairRequest { tags, ..of(SAMPLE) };
    refused_as(INVALID, house.control.import_playback_key_pair(&caller(), input).await);
    assert_eq!(list(&house, None, None).await.key_pairs, []);
}

#[tokio::test]
async fn the_quota_holds_under_a_race() {
    let house = House::with(Limits { playback_key_pairs: 3, ..Limits::default() }).await;
    let mut importers = JoinSet::new();
    for _ in 0..12 {
        let control = house.control.clone();
        importers.spawn(async move { control.import_playback_key_pair(&caller(), of(&fresh())).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = importers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (3, 9));
    for refusal in refused {
        assert_eq!(
            refused_as(QUOTA, refusal),
            "Playback key pair quota exceeded: at most 3 playback key pairs"
        );
    }
    assert_eq!(list(&house, None, None).await.key_pairs.len(), 3);
}

#[tokio::test]
async fn of_racing_imports_of_one_key_one_wins_and_the_rest_learn_its_name() {
    let house = House::new().await;
    let mut importers = JoinSet::new();
    for _ in 0..12 {
        let control = house.control.clone();
        importers.spawn(async move { control.import_playback_key_pair(&caller(), of(SAMPLE)).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = importers.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 11));
    let there = list(&house, None, None).await.key_pairs[0].arn.clone().unwrap();
    for refusal in refused {
        assert!(refused_as(CONFLICT, refusal).contains(&there));
    }
}

#[tokio::test]
async fn a_page_holds_as_many_as_the_quota_by_default() {
    let house = House::new().await;
    let mut arns = Vec::new();
    for _ in 0..3 {
        arns.push(import(&house, &fresh()).await.unwrap().arn);
    }
    let strict = House::on(house.store.clone(), Limits { playback_key_pairs: 2, ..Limits::default() }).await;
    let first = list(&strict, None, None).await;
    assert_eq!(first.key_pairs.len(), 2);
    let last = list(&strict, Some(100), first.next_token.clone()).await;
    assert_eq!(last.next_token, None);
    let walked: Vec<_> = first.key_pairs.into_iter().chain(last.key_pairs).map(|pair| pair.arn).collect();
    assert_eq!(walked, arns, "in the order of their import");

    let token = list(&house, Some(1), None).await.next_token;
    let input = ListPlaybackKeyPairsRequest { max_results: None, next_token: token.clone() };
    let stranger = caller_of("999999999999", "us-east-1");
    refused_as(INVALID, house.control.list_playback_key_pairs(&stranger, input).await);
    let input = ivs::ListChannelsRequest { next_token: token, ..Default::default() };
    refused_as(INVALID, house.control.list_channels(&caller(), input).await);
}

#[tokio::test]
async fn another_account_or_region_finds_nothing_and_may_have_the_same_key() {
    let house = House::new().await;
    let mine = import(&house, SAMPLE).await.unwrap().arn.unwrap();
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let not_found = format!("Resource: {mine} not found");
        assert_eq!(refused_as(NOT_FOUND, get(&stranger, &house, &mine).await), not_found);
        assert_eq!(refused_as(NOT_FOUND, delete(&stranger, &house, &mine).await), not_found);
        let input = ListPlaybackKeyPairsRequest::default();
        let listed = house.control.list_playback_key_pairs(&stranger, input).await.unwrap();
        assert_eq!(listed.key_pairs, []);
        let theirs = import_as(&stranger, &house, SAMPLE).await.unwrap().arn.unwrap();
        assert!(theirs.contains(&format!("{}:{}", stranger.region, stranger.principal.account)));
    }
    get(&caller(), &house, &mine).await.unwrap();
}

#[tokio::test]
async fn an_unknown_key_pair_is_not_found() {
    let house = House::new().await;
    // The second fits the model's pattern, but no account has such a number.
    for absent in [NO_KEY, "arn:aws:ivs:us-east-1:1:playback-key/abc"] {
        let text = refused_as(NOT_FOUND, get(&caller(), &house, absent).await);
        assert_eq!(text, format!("Resource: {absent} not found"));
        refused_as(NOT_FOUND, delete(&caller(), &house, absent).await);
    }
}

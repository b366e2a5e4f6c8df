//! Who runs a channel looks at it by an entry of the server's own.

use std::time::Duration;

use domain::{Arn, PlaybackRestrictionPolicy, Tags};
use http::{Method, StatusCode};
use live::{Airing, Audience};
use store::Tenant;
use testkit::Film;

use crate::stage::{Reply, Stage, channel, pass_in, store};
use delivery::{Config, thumbnail_path};

const LONG: Duration = Duration::from_secs(20);
const WHO: &str = "AKIAEXAMPLE";

fn on_air(airing: impl Into<Airing>) -> Stage {
    let mut stage = Stage::before(airing, &Film::default(), LONG, Config::default());
    stage.play_until(|now| now.listed.len() == 4);
    stage
}

async fn enter(stage: &Stage, token: &str) -> Reply {
    stage.request(Method::GET, &format!("{}?token={token}", stage.multivariant())).await
}

/// What a playlist of the source and all that it names are answered with, for who entered so.
async fn all_below(stage: &Stage, entered: &Reply) -> Vec<(String, Reply)> {
    let line = entered.text().lines().last().expect("a line");
    let base = stage.multivariant();
    let folder = format!("{}/{line}", base.rsplit_once('/').expect("a path").0);
    let playlist = stage.request(Method::GET, &folder).await;
    let at = folder.rsplit_once('/').expect("a path").0.to_owned();
    let named = playlist.text().lines().filter(|line| line.ends_with(".m4s") && !line.starts_with('#'));
    let urls: Vec<_> = named.map(|name| format!("{at}/{name}")).collect();
    assert!(!urls.is_empty(), "{}", playlist.text());
    let mut answers = vec![(folder, playlist)];
    for url in urls {
        let answer = stage.request(Method::GET, &url).await;
        answers.push((url, answer));
    }
    answers
}

#[tokio::test]
async fn an_entry_opens_a_private_channel_and_its_picture_without_a_token() {
    let stage = on_air(Audience::TokenHolders);
    let (entry, _) = stage.delivery.invite(&channel(), WHO);
    let entered = enter(&stage, &entry).await;
    assert_eq!(entered.status, StatusCode::OK, "{}", entered.text());
    for (url, answer) in all_below(&stage, &entered).await {
        assert_eq!(answer.status, StatusCode::OK, "{url}: {}", String::from_utf8_lossy(&answer.body));
        assert!(!answer.header("cache-control").contains("public"), "{url}");
    }
    let picture = stage.request(Method::GET, &format!("{}?token={entry}", thumbnail_path(&channel()))).await;
    assert!(picture.text().contains("not_found"), "let in, though no picture was made yet");
    assert_eq!(stage.request(Method::GET, &stage.multivariant()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn forged_entries_and_those_of_other_channels_open_nothing() {
    let stage = on_air(Audience::TokenHolders);
    let other = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0124").expect("an ARN");
    let (theirs, _) = stage.delivery.invite(&other, WHO);
    let (own, _) = stage.delivery.invite(&channel(), WHO);
    let mut forged = own.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).expect("ASCII");
    let pass = pass_in(enter(&stage, &own).await.text()).to_owned();
    for token in [theirs, forged, pass, own[1..].to_owned(), String::new(), "AAAA".to_owned()] {
        let reply = enter(&stage, &token).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{token}");
        assert!(reply.text().contains("invalid_playback_auth_token"));
    }
}

#[tokio::test]
async fn no_restriction_applies_to_who_entered_by_the_house_on_a_public_channel_too() {
    let policy = PlaybackRestrictionPolicy {
        arn: Arn::parse("arn:aws:ivs:us-east-1:123456789012:playback-restriction-policy/houseABC0123")
            .expect("an ARN"),
        name: String::new(),
        allowed_countries: Vec::new(),
        allowed_origins: vec!["https://a.example".to_owned()],
        strict_origin: true,
        tags: Tags::default(),
    };
    let made = store().create_playback_restriction_policy(&policy, 10).await;
    made.expect("a policy");
    for audience in [Audience::Everyone, Audience::TokenHolders] {
        let stage = on_air(Airing { restriction: Some(policy.arn.clone()), ..Airing::from(audience) });
        let (entry, _) = stage.delivery.invite(&channel(), WHO);
        let stranger = stage.request(Method::GET, &stage.multivariant()).await;
        assert_eq!(stranger.status, StatusCode::FORBIDDEN);
        let entered = enter(&stage, &entry).await;
        assert_eq!(entered.status, StatusCode::OK, "{}", entered.text());
        for (url, answer) in all_below(&stage, &entered).await {
            assert_eq!(answer.status, StatusCode::OK, "{url}");
            assert!(!answer.header("cache-control").contains("public"), "{url}");
        }
    }
    assert!(store().delete_playback_restriction_policy(&Tenant::of(&policy.arn), &policy.arn).await.is_ok());
}

#[tokio::test]
async fn only_a_pass_of_the_house_finds_media_of_a_public_channel_below_it() {
    let stage = on_air(Audience::Everyone);
    let plain = stage.request(Method::GET, &stage.multivariant()).await;
    let pass = pass_in(plain.text());
    let base = stage.multivariant();
    let base = base.strip_suffix(".m3u8").expect("a playlist's name");
    let segment = format!("{base}/{}/{pass}/source/s1.m4s", stage.broadcast.stream());
    assert_eq!(stage.request(Method::GET, &segment).await.status, StatusCode::NOT_FOUND);
}

//! Who may watch a recording.
//!
//! Promise: the rules are the channel's own; where they are looked at, nobody gets a byte before.

use std::time::SystemTime;

use domain::{StreamId, ViewerRevocation};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;
use store::Tenant;
use tokio_util::sync::CancellationToken;

use crate::stage::{CHUNK, LARGE, MASTER, MASTER_TEXT, PLAYLIST, Stage, channel, chunk, path};

/// Where a file is that a playlist at this path names.
fn beside(playlist: &str, below: &str) -> String {
    format!("{}{below}", playlist.strip_suffix(MASTER).expect("a master's path"))
}

#[tokio::test]
async fn a_token_leads_to_where_relative_uris_carry_the_pass() {
    let stage = Stage::new(true).await;
    let token = stage.token(&[]);
    let reply = stage.get(&format!("{}?x=1&token={token}", path(MASTER)), &[]).await;
    assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::FOUND, "no-store"));
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    let master = reply.header("location");
    assert!(master.starts_with("/recordings/~"), "{master}");
    let reply = stage.get(master, &[]).await;
    assert_eq!((reply.status, reply.text()), (StatusCode::OK, MASTER_TEXT));
    assert_eq!(reply.header("cache-control"), "private, max-age=3600");
    for below in [PLAYLIST, CHUNK, LARGE, "events/recording-ended.json"] {
        let reply = stage.get(&beside(master, below), &[]).await;
        assert_eq!(reply.status, StatusCode::OK, "{below}");
        assert!(reply.header("cache-control").starts_with("private, "));
    }
}

#[tokio::test]
async fn a_private_recording_is_closed_to_those_without() {
    let stage = Stage::new(true).await;
    let master = stage.enter(&stage.token(&[]), &[]).await;
    let pass = master.strip_prefix("/recordings/~").and_then(|rest| rest.split_once('/')).expect("a pass").0;
    let foreign = stage.token(&[("aws:channel-arn", json!(channel().to_string().replace("0123", "9999")))]);
    let old = stage.token(&[("exp", json!(1_000_000))]);
    let mut spoilt = pass.to_owned();
    let last = spoilt.pop().expect("a character");
    spoilt.push(if last == 'A' { 'Q' } else { 'A' });
    for path in [
        path(MASTER),
        path(CHUNK),
        format!("{}?token=", path(MASTER)),
        format!("{}?token=abc", path(MASTER)),
        format!("{}?token={foreign}", path(MASTER)),
        format!("{}?token={old}", path(MASTER)),
        master.replace(pass, &spoilt),
        master.replace(pass, "abc"),
        master.replace(pass, ""),
    ] {
        let reply = stage.get(&path, &[]).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(reply.code(), "invalid_playback_auth_token");
        assert_eq!(stage.ask(Method::HEAD, &path, &[]).await.status, StatusCode::FORBIDDEN);
    }
    let reply = stage.get(&path(MASTER).replace("aaaa", "bbbb"), &[]).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_for_one_use_opens_once_and_a_look_does_not_use_it_up() {
    let stage = Stage::new(true).await;
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    let token = stage.token(&[("aws:single-use-uuid", json!(uuid))]);
    let url = format!("{}?token={token}", path(MASTER));
    let head = stage.ask(Method::HEAD, &url, &[]).await;
    assert_eq!((head.status, head.header("location")), (StatusCode::OK, ""));
    let absent = stage.get(&format!("{}?token={token}", path("media/hls/none.m3u8")), &[]).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    let master = stage.enter(&token, &[]).await;
    let again = stage.get(&url, &[]).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::FORBIDDEN, "invalid_playback_auth_token"));
    assert_eq!(stage.ask(Method::HEAD, &url, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.get(&master, &[]).await.status, StatusCode::OK);
    assert_eq!(stage.get(&beside(&master, CHUNK), &[]).await.body, chunk());
}

async fn revoke(stage: &Stage, viewer: &str) {
    let revocation = ViewerRevocation {
        channel: channel(),
        viewer: viewer.to_owned(),
        version: 1,
        revoked_at: SystemTime::now(),
    };
    stage.store.revoke_viewers(&Tenant::of(&channel()), &[revocation]).await.expect("revoked");
}

#[tokio::test]
async fn a_revoked_viewer_loses_what_it_watches_in_mid_file() {
    let stage = Stage::new(true).await;
    let viewer = [("aws:viewer-id", json!("ada")), ("aws:viewer-session-version", json!(1))];
    let token = stage.token(&viewer);
    let master = stage.enter(&token, &[]).await;
    let shutdown = CancellationToken::new();
    let story = async {
        let mut body = stage.respond(Method::GET, &beside(&master, CHUNK), &[]).await.into_body();
        body.frame().await.expect("a block").expect("read");
        revoke(&stage, "ada").await;
        stage.until(StatusCode::FORBIDDEN, &master, &[]).await;
        assert!(body.frame().await.expect("its end").is_err());
        let again = stage.get(&format!("{}?token={token}", path(MASTER)), &[]).await;
        assert_eq!(again.status, StatusCode::FORBIDDEN);
        let other = stage.token(&[("aws:viewer-id", json!("bob"))]);
        stage.enter(&other, &[]).await;
        shutdown.cancel();
    };
    tokio::join!(stage.delivery.clone().run(shutdown.clone()), story);
}

#[tokio::test]
async fn a_token_with_a_largest_resolution_shows_no_larger_rendition() {
    let stage = Stage::new(true).await;
    let token = stage.token(&[("aws:maximum-resolution", json!("SD"))]);
    let master = stage.enter(&token, &[]).await;
    let reply = stage.get(&master, &[]).await;
    assert!(reply.text().contains("480p30/playlist.m3u8") && !reply.text().contains("1080p60"));
    assert_eq!(stage.get(&beside(&master, CHUNK), &[]).await.status, StatusCode::OK);
    let refused = stage.get(&beside(&master, LARGE), &[]).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::FORBIDDEN, "unauthorized_entitlements")
    );
}

#[tokio::test]
async fn strict_origins_of_a_token_go_with_the_pass() {
    let stage = Stage::new(true).await;
    let (page, other) = (("origin", "https://a.example"), ("origin", "https://b.example"));
    let origins = ("aws:access-control-allow-origin", json!(page.1));
    let token = stage.token(&[origins, ("aws:strict-origin-enforcement", json!(true))]);
    let url = format!("{}?token={token}", path(MASTER));
    assert_eq!(stage.get(&url, &[other]).await.code(), "origin_not_allowed");
    let master = stage.enter(&token, &[page]).await;
    let reply = stage.get(&beside(&master, CHUNK), &[page]).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (StatusCode::OK, page.1));
    assert_eq!(reply.header("vary"), "Origin");
    for headers in [&[other][..], &[]] {
        assert_eq!(stage.get(&beside(&master, CHUNK), headers).await.code(), "origin_not_allowed");
    }
}

#[tokio::test]
async fn a_channel_that_becomes_private_closes_its_recordings() {
    let stage = Stage::new(false).await;
    assert_eq!(stage.get(&path(CHUNK), &[]).await.status, StatusCode::OK);
    stage.change_channel(|channel| channel.authorized = true).await;
    stage.until(StatusCode::FORBIDDEN, &path(CHUNK), &[]).await;
    let master = stage.enter(&stage.token(&[]), &[]).await;
    assert_eq!(stage.get(&beside(&master, CHUNK), &[]).await.status, StatusCode::OK);
    stage.change_channel(|channel| channel.authorized = false).await;
    stage.until(StatusCode::OK, &path(CHUNK), &[]).await;
    assert_eq!(stage.get(&beside(&master, CHUNK), &[]).await.status, StatusCode::OK, "who watched goes on");
}

#[tokio::test]
async fn a_recording_that_began_private_stays_so() {
    let stage = Stage::new(true).await;
    stage.change_channel(|channel| channel.authorized = false).await;
    assert_eq!(stage.get(&path(CHUNK), &[]).await.status, StatusCode::FORBIDDEN);
    stage.enter(&stage.token(&[]), &[]).await;
}

#[tokio::test]
async fn recordings_outlive_their_channels() {
    for is_private in [false, true] {
        let stage = Stage::new(is_private).await;
        stage.store.delete_channel(&Tenant::of(&channel()), &channel()).await.expect("deleted");
        let open = stage.get(&path(CHUNK), &[]).await.status;
        assert_eq!(open, if is_private { StatusCode::FORBIDDEN } else { StatusCode::OK });
        if is_private {
            let master = stage.enter(&stage.token(&[]), &[]).await;
            assert_eq!(stage.get(&beside(&master, CHUNK), &[]).await.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn the_channels_policy_holds_for_its_recordings() {
    let stage = Stage::new(false).await;
    stage.restrict("https://a.example", true).await;
    let (page, other) = (("origin", "https://a.example"), ("origin", "https://b.example"));
    for below in [MASTER, CHUNK] {
        let reply = stage.get(&path(below), &[page]).await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (StatusCode::OK, page.1));
        assert!(reply.header("cache-control").starts_with("private, "));
        for headers in [&[other][..], &[]] {
            assert_eq!(stage.get(&path(below), headers).await.code(), "origin_not_allowed");
        }
    }
}

#[tokio::test]
async fn origins_that_are_not_strict_are_for_browsers_and_playlists() {
    let stage = Stage::new(false).await;
    stage.restrict("https://a.example", false).await;
    let other = [("origin", "https://b.example")];
    let reply = stage.get(&path(MASTER), &other).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (StatusCode::OK, ""));
    assert_eq!(reply.header("vary"), "Accept-Encoding, Origin");
    assert_eq!(stage.get(&path(CHUNK), &other).await.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn a_pass_of_another_kind_opens_no_recording() {
    let stage = Stage::new(true).await;
    // What a public stream's viewers have in their paths is as long as this.
    let random = StreamId::mint(&mut |bytes| bytes.fill(3)).to_string();
    let path = path(CHUNK).replace("/recordings/", &format!("/recordings/~{}/", &random[..22]));
    assert_eq!(stage.get(&path, &[]).await.status, StatusCode::FORBIDDEN);
}

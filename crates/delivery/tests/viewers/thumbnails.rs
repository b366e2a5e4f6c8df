//! The small picture of what is on air, as pages show it.

use std::time::Duration;

use bytes::Bytes;
use delivery::thumbnail_path;
use http::{Method, StatusCode};
use live::{Audience, Thumbnail};
use media::Ticks;
use testkit::Film;

use crate::stage::{Stage, channel, start};
use delivery::Config;

fn picture(number: u8) -> Thumbnail {
    let shown = Duration::from_secs(5 * u64::from(number));
    Thumbnail {
        jpeg: Bytes::from(vec![0xFF, 0xD8, number, 0xFF, 0xD9]),
        width: 320,
        height: 180,
        pts: Ticks::from_duration(shown),
        time: start() + shown,
    }
}

fn on_air(audience: Audience) -> Stage {
    let mut stage = Stage::before(audience, &Film::default(), Duration::from_secs(20), Config::default());
    stage.play_until(|now| now.listed.len() == 4);
    stage
}

#[tokio::test]
async fn the_newest_picture_is_shown_to_everyone_for_a_moment() {
    let stage = on_air(Audience::Everyone);
    let path = thumbnail_path(&channel());
    assert_eq!(path, stage.multivariant().replace(".m3u8", ".jpg"));
    let none = stage.request(Method::GET, &path).await;
    assert_eq!((none.status, none.header("content-type")), (StatusCode::NOT_FOUND, "application/json"));
    assert!(none.text().contains("\"error_code\":\"not_found\""));
    for number in [1, 2] {
        stage.broadcast.put_thumbnail(picture(number));
        let reply = stage.request(Method::GET, &path).await;
        assert_eq!((reply.status, &reply.body), (StatusCode::OK, &picture(number).jpeg));
        for (name, value) in [
            ("content-type", "image/jpeg"),
            ("content-length", "5"),
            ("cache-control", "public, max-age=2"),
            ("access-control-allow-origin", "*"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(reply.header(name), value, "{name}");
        }
        let tag = reply.header("etag");
        let again = stage.asking(&[("if-none-match", tag)], Method::GET, &path).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        let head = stage.request(Method::HEAD, &path).await;
        assert_eq!((head.status, head.body.len(), head.header("content-length")), (StatusCode::OK, 0, "5"));
    }
    assert_eq!(stage.request(Method::POST, &path).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(stage.broadcast.pulse().viewers(), 0, "to look is not to watch");
}

#[tokio::test]
async fn a_channel_that_is_off_air_shows_nothing() {
    let mut stage = on_air(Audience::Everyone);
    stage.broadcast.put_thumbnail(picture(1));
    let other = thumbnail_path(&channel()).replace("abcd", "abce");
    for path in [other, thumbnail_path(&channel()).replace(".jpg", ".jpeg")] {
        assert_eq!(stage.request(Method::GET, &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    stage.end();
    let reply = stage.request(Method::GET, &thumbnail_path(&channel())).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert!(reply.text().contains("transcode_does_not_exist"), "{}", reply.text());
}

#[tokio::test]
async fn of_a_private_channel_nothing_is_shown_without_a_token() {
    let stage = on_air(Audience::TokenHolders);
    stage.broadcast.put_thumbnail(picture(1));
    let path = thumbnail_path(&channel());
    for path in [path.clone(), format!("{path}?token="), format!("{path}?token=a.b.c")] {
        let reply = stage.request(Method::GET, &path).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
        assert!(reply.text().contains("invalid_playback_auth_token"), "{}", reply.text());
    }
}

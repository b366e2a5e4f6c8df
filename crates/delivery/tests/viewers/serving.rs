//! What viewers get: held requests and their limits, refusals, headers.

use std::pin::pin;
use std::time::Duration;

use crate::counting::arrive;
use crate::stage::{Playlist, Reply, Stage, at_once};
use delivery::Config;
use http::{Method, StatusCode};
use live::{Audience, Snapshot};
use testkit::Film;
use tokio::time::Instant;

const LONG: Duration = Duration::from_secs(20);

/// On air, with this many parts in the segment that is being made.
fn on_air(parts: usize) -> Stage {
    let mut stage = Stage::new(&Film::default(), LONG);
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == parts);
    stage
}

fn now(stage: &Stage) -> std::sync::Arc<Snapshot> {
    stage.broadcast.shelf().latest().expect("on air")
}

/// Plays on until the reply comes.
async fn played(stage: &mut Stage, reply: impl Future<Output = Reply>) -> Reply {
    let mut reply = pin!(reply);
    loop {
        tokio::select! {
            biased;
            reply = &mut reply => return reply,
            () = tokio::task::yield_now() => { stage.step().expect("the film is long enough"); }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_there_or_was_there_is_answered_at_once_with_the_whole_playlist() {
    let stage = on_air(2);
    for query in [
        "_HLS_msn=0",
        "_HLS_msn=3",
        "_HLS_msn=3&_HLS_part=2",
        "_HLS_msn=4&_HLS_part=1",
        "_HLS_msn=0&_HLS_part=99",
    ] {
        let reply = at_once(stage.get(&format!("index.m3u8?{query}"))).expect(query);
        let playlist = Playlist::read(reply.text());
        assert_eq!((reply.status, playlist.skipped), (StatusCode::OK, 0), "{query}");
    }
    let mut stage = Stage::new(&Film::default(), Duration::from_secs(40));
    stage.play_until(|now| now.listed.first().is_some_and(|first| first.number > 14));
    assert!(at_once(stage.get("index.m3u8?_HLS_msn=1&_HLS_part=2")).is_some(), "a number that has gone");
}

#[tokio::test(start_paused = true)]
async fn a_segment_number_alone_waits_for_the_whole_segment() {
    let mut stage = on_air(2);
    let asked = stage.get("index.m3u8?_HLS_msn=4");
    let reply = played(&mut stage, asked).await;
    assert!(reply.text().contains("s4.m4s\n"));
    assert_eq!(now(&stage).next_part(), 0, "answered with the segment, not later");
}

#[tokio::test(start_paused = true)]
async fn a_part_past_the_end_of_a_segment_is_the_first_of_the_next() {
    let mut stage = on_air(2);
    let asked = stage.get("index.m3u8?_HLS_msn=4&_HLS_part=9");
    let reply = played(&mut stage, asked).await;
    assert!(reply.text().contains("p5.0.m4s\",INDEPENDENT"));
    assert_eq!((now(&stage).next_number(), now(&stage).next_part()), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn the_next_segment_may_be_asked_for_and_no_further() {
    let mut stage = on_air(2);
    let far = at_once(stage.get("index.m3u8?_HLS_msn=6")).expect("a quick no");
    assert_eq!(far.status, StatusCode::BAD_REQUEST);
    assert_eq!(far.header("access-control-allow-origin"), "*");
    let next = stage.get("index.m3u8?_HLS_msn=5&_HLS_part=0");
    assert!(played(&mut stage, next).await.text().contains("p5.0.m4s"));
}

#[tokio::test(start_paused = true)]
async fn parts_beyond_three_seconds_ahead_are_refused() {
    let stage = on_air(2);
    // 3 s of 202 ms are 14 parts: the last one listed is 1, so 15 may be asked for and 16 may not.
    assert!(at_once(stage.get("index.m3u8?_HLS_msn=4&_HLS_part=15")).is_none());
    for query in
        ["_HLS_msn=4&_HLS_part=16", "_HLS_msn=5&_HLS_part=14", "_HLS_msn=4&_HLS_part=18446744073709551615"]
    {
        let reply = at_once(stage.get(&format!("index.m3u8?{query}"))).expect("a quick no");
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn malformed_directives_are_refused_and_strange_parameters_ignored() {
    let stage = on_air(2);
    for query in [
        "_HLS_part=1",
        "_HLS_msn=x",
        "_HLS_msn=-1",
        "_HLS_msn=1&_HLS_part=",
        "_HLS_skip=maybe",
        "_HLS_msn=1&_HLS_msn=1",
    ] {
        let reply = stage.get(&format!("index.m3u8?{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
    }
    assert_eq!(stage.get("index.m3u8?token=abc&_hls_msn=x").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_stream_is_answered_503_after_three_target_durations() {
    let stage = on_air(2);
    for file in ["index.m3u8?_HLS_msn=4&_HLS_part=2", "p4.2.m4s"] {
        let began = Instant::now();
        let reply = stage.get(file).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(began.elapsed().as_secs(), 3);
        assert_eq!(reply.header("retry-after"), "1");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_answers_all_who_wait() {
    let mut stage = on_air(2);
    let asked = [stage.get("index.m3u8?_HLS_msn=5"), stage.get("index.m3u8?_HLS_msn=4&_HLS_part=15")];
    let mut asked = asked.map(Box::pin);
    for reply in &mut asked {
        assert!(at_once(reply.as_mut()).is_none());
    }
    stage.end();
    for reply in asked {
        assert!(Playlist::read(reply.await.text()).ended);
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_end_directives_mean_nothing_and_the_multivariant_playlist_is_gone() {
    let mut stage = on_air(2);
    stage.end();
    for query in ["_HLS_msn=999", "_HLS_part=3", "_HLS_skip=YES", "_HLS_msn=x"] {
        let reply = at_once(stage.get(&format!("index.m3u8?{query}"))).expect("no waiting");
        let playlist = Playlist::read(reply.text());
        assert!(playlist.ended && playlist.skipped == 0 && playlist.hint.is_none(), "{query}");
    }
    assert_eq!(stage.request(Method::GET, &stage.multivariant()).await.status, StatusCode::NOT_FOUND);
    stage.hub.forget(&stage.broadcast);
    assert_eq!(stage.get("index.m3u8").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn the_hinted_part_is_held_and_others_are_not() {
    let mut stage = on_air(2);
    let hinted = stage.get("p4.2.m4s");
    let reply = played(&mut stage, hinted).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body, now(&stage).part(4, 2).expect("it is there").data);
    for file in ["p4.4.m4s", "p5.0.m4s", "p99.0.m4s", "s6.m4s", "i7.mp4", "nothing"] {
        let reply = at_once(stage.get(file)).expect(file);
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{file}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hinted_part_that_never_comes_is_not_found_at_the_end() {
    let mut stage = on_air(0);
    stage.end();
    let next = now(&stage).next_number();
    assert_eq!(stage.get(&format!("p{next}.0.m4s")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn requests_beyond_the_cap_are_refused_and_those_who_leave_make_room() {
    let mut stage =
        Stage::with(&Film::default(), LONG, Config { held_per_broadcast: 2, ..Config::default() });
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    let ask = |file| Box::pin(stage.get(file));
    // Of those who wait for media there may be twice as many: a player that prefetches waits with two.
    for (file, places) in [("index.m3u8?_HLS_msn=4", 2), ("p4.2.m4s", 4)] {
        let mut held: Vec<_> = (0..places).map(|_| ask(file)).collect();
        for reply in &mut held {
            assert!(at_once(reply.as_mut()).is_none());
        }
        let refused = at_once(ask(file)).expect("a quick no");
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(stage.get("index.m3u8").await.status, StatusCode::OK, "what need not wait is served");
        drop(held);
        assert_eq!(stage.broadcast.shelf().waiting(), 0);
        assert!(at_once(ask(file)).is_none());
    }
}

#[tokio::test]
async fn strangers_who_wait_for_media_leave_viewers_their_places() {
    let mut stage =
        Stage::with(&Film::default(), LONG, Config { held_per_broadcast: 2, ..Config::default() });
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    let mut strangers = [(); 4].map(|()| Box::pin(stage.get("p4.2.m4s")));
    for stranger in &mut strangers {
        assert!(at_once(stranger.as_mut()).is_none());
    }
    assert_eq!(stage.get("p4.2.m4s").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(at_once(stage.get("index.m3u8?_HLS_msn=4")).is_none());
}

#[tokio::test]
async fn one_viewer_may_wait_sixteen_times_at_once_and_others_don_t_mind() {
    let stage = on_air(2);
    let ask = || Box::pin(stage.get("index.m3u8?_HLS_msn=4"));
    let mut held: Vec<_> = (0..16).map(|_| ask()).collect();
    for reply in &mut held {
        assert!(at_once(reply.as_mut()).is_none());
    }
    let refused = at_once(ask()).expect("a quick no");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let body: serde_json::Value = serde_json::from_slice(&refused.body).expect("JSON");
    assert_eq!(body[0]["error_code"], "too_many_requests");
    assert_eq!((refused.header("retry-after"), refused.header("access-control-allow-origin")), ("1", "*"));
    assert_eq!(stage.get("index.m3u8").await.status, StatusCode::OK);
    let other = format!("{}?_HLS_msn=4", arrive(&stage).await);
    assert!(at_once(stage.request(Method::GET, &other)).is_none());
    held.pop();
    let mut again = ask();
    assert!(at_once(again.as_mut()).is_none());
    assert!(at_once(ask()).is_some());
}

#[tokio::test]
async fn nothing_waits_for_a_head() {
    let stage = on_air(2);
    let path = stage.path("index.m3u8?_HLS_msn=4&_HLS_part=2");
    let head = at_once(stage.request(Method::HEAD, &path)).expect("at once");
    assert_eq!(head.status, StatusCode::OK);
    let far = at_once(stage.request(Method::HEAD, &stage.path("index.m3u8?_HLS_msn=99"))).expect("at once");
    assert_eq!(far.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn offline_and_unknown_channels_get_the_array_that_players_read() {
    let stage = Stage::new(&Film::default(), LONG);
    let unknown = "/api/video/v1/us-east-1.123456789012.channel.other.m3u8".to_owned();
    for path in [stage.multivariant(), unknown] {
        let reply = stage.request(Method::GET, &path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(body[0]["error_code"], "transcode_does_not_exist");
        assert_eq!(body[0]["type"], "error");
        assert_eq!(body[0]["url"], path);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("cache-control"), "public, max-age=1");
    }
}

#[tokio::test]
async fn each_kind_of_file_has_its_type_and_cache_time() {
    let stage = on_air(2);
    let playlist = ("application/vnd.apple.mpegurl", "no-cache");
    let fragment = ("video/iso.segment", "public, max-age=86400, immutable");
    for (file, (kind, cache)) in [
        ("index.m3u8", playlist),
        ("index.m3u8?_HLS_msn=1", ("application/vnd.apple.mpegurl", "public, max-age=1")),
        ("i0.mp4", ("video/mp4", "public, max-age=86400, immutable")),
        ("s1.m4s", fragment),
        ("p4.1.m4s", fragment),
    ] {
        let reply = stage.get(file).await;
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), (kind, cache), "{file}");
        assert_eq!(reply.header("content-length"), reply.body.len().to_string());
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let stage = on_air(2);
    for file in ["index.m3u8", "s1.m4s", "nothing"] {
        let path = stage.path(file);
        let (get, head) = (stage.request(Method::GET, &path).await, stage.request(Method::HEAD, &path).await);
        assert_eq!((get.status, &get.headers), (head.status, &head.headers));
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn preflights_are_granted_and_other_methods_refused() {
    let stage = on_air(2);
    let path = stage.path("index.m3u8");
    let preflight = stage.request(Method::OPTIONS, &path).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let reply = stage.request(method, &path).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(reply.header("allow"), "GET, HEAD, OPTIONS");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test(start_paused = true)]
async fn all_viewers_share_one_rendering() {
    let mut stage = on_air(2);
    let mut asked = Vec::new();
    for _ in 0..500 {
        let own = format!("{}?_HLS_msn=4&_HLS_part=2", arrive(&stage).await);
        asked.push(Box::pin(stage.request(Method::GET, &own)));
    }
    for reply in &mut asked {
        assert!(at_once(reply.as_mut()).is_none());
    }
    stage.step();
    assert!(now(&stage).texts.low.get().is_none(), "nobody asked for it yet");
    let mut places = std::collections::HashSet::new();
    for reply in asked {
        places.insert(reply.await.body.as_ptr());
    }
    assert_eq!(places.len(), 1);
}

#[tokio::test]
async fn a_private_channel_is_closed_to_whoever_has_no_valid_token() {
    let film = Film::default();
    let mut stage = Stage::before(Audience::TokenHolders, &film, LONG, Config::default());
    stage.play_until(|now| now.next_number() > 4);
    for path in [
        stage.multivariant(),
        format!("{}?token=made.up.now", stage.multivariant()),
        stage.path("index.m3u8"),
    ] {
        let reply = stage.request(Method::GET, &path).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
        let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(body[0]["error_code"], "invalid_playback_auth_token");
    }
}

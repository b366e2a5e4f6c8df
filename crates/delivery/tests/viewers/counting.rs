//! Who counts as a viewer, from when and until when.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::stage::{Client, Reply, Stage, pass_in};
use delivery::{Config, Delivery};
use http::{Method, StatusCode};
use live::Audience;
use proptest::prelude::*;
use testkit::Film;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(60);
/// How long a session counts when the target duration is no more than three seconds.
const WINDOW: Duration = Duration::from_secs(10);
/// How often delivery looks.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) fn on_air() -> Stage {
    let mut stage = Stage::new(&Film::default(), LONG);
    stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    stage
}

/// What `body` comes to while delivery runs.
pub(crate) async fn running<T>(delivery: &Delivery, body: impl Future<Output = T>) -> T {
    tokio::select! {
        biased;
        outcome = body => outcome,
        () = delivery.clone().run(CancellationToken::new()) => panic!("nobody asked it to end"),
    }
}

pub(crate) fn viewers(stage: &Stage) -> u32 {
    stage.broadcast.pulse().viewers()
}

/// Asks for the multivariant playlist; gives the path and query of the rendition's.
pub(crate) async fn arrive(stage: &Stage) -> String {
    let reply = stage.request(Method::GET, &stage.multivariant()).await;
    assert_eq!(reply.status, StatusCode::OK);
    rendition(reply.text())
}

fn rendition(multivariant: &str) -> String {
    format!("/api/video/v1/{}", multivariant.lines().last().expect("a line"))
}

/// A playlist fetched by a player that has this URL.
pub(crate) async fn read(stage: &Stage, url: &str) -> Reply {
    stage.request(Method::GET, url).await
}

#[tokio::test]
async fn each_viewer_gets_an_own_pass_and_all_share_the_rest() {
    let stage = on_air();
    let texts = [
        stage.request(Method::GET, &stage.multivariant()).await,
        stage.request(Method::GET, &stage.multivariant()).await,
    ];
    let passes = texts.each_ref().map(|reply| {
        let pass = pass_in(reply.text()).to_owned();
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(pass.len() == 22 && pass.bytes().all(is_safe), "{pass}");
        pass
    });
    assert_ne!(passes[0], passes[1]);
    assert_eq!(texts[0].header("cache-control"), "private, no-cache");

    let mut playlists = HashSet::new();
    for url in [rendition(texts[0].text()), rendition(texts[1].text()), stage.path("index.m3u8")] {
        let reply = read(&stage, &url).await;
        assert!(!passes.iter().any(|pass| reply.text().contains(pass)), "its text names nobody");
        playlists.insert(reply.body.as_ptr());
    }
    assert_eq!(playlists.len(), 1);
}

#[tokio::test]
async fn a_viewer_counts_from_its_first_media_playlist_and_once() {
    let stage = on_air();
    let mut urls = Vec::new();
    for _ in 0..5 {
        urls.push(arrive(&stage).await);
    }
    assert_eq!(viewers(&stage), 0, "who only looks in doesn't watch");
    for (so_far, url) in (1..).zip(&urls) {
        for query in ["", "_HLS_msn=2", "_HLS_skip=YES"] {
            assert_eq!(read(&stage, &format!("{url}?{query}")).await.status, StatusCode::OK);
        }
        assert_eq!(viewers(&stage), so_far);
    }
}

#[tokio::test]
async fn looking_at_heads_asking_nonsense_and_files_alone_count_nobody() {
    let stage = on_air();
    let url = arrive(&stage).await;
    for method in [Method::HEAD, Method::OPTIONS, Method::POST] {
        stage.request(method, &url).await;
    }
    for query in ["_HLS_part=1", "_HLS_msn=99", "_HLS_msn=x"] {
        assert_eq!(read(&stage, &format!("{url}?{query}")).await.status, StatusCode::BAD_REQUEST);
    }
    for file in ["i0.mp4", "s1.m4s", "p4.0.m4s", "nothing"] {
        stage.get(file).await;
    }
    assert_eq!(viewers(&stage), 0);
}

#[tokio::test]
async fn nobody_reads_a_media_playlist_with_an_invented_pass_or_none() {
    let stage = on_air();
    let (bare, own) = (stage.path("s1.m4s"), stage.path("index.m3u8"));
    let bare = bare.replace("s1.m4s", "index.m3u8");
    assert_eq!(read(&stage, &bare).await.status, StatusCode::FORBIDDEN);
    let with = |pass: &str| bare.replace("/source/", &format!("/{pass}/source/"));
    let mut random = 0x2545_f491_4f6c_dd1du64;
    for _ in 0..10_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let invented = format!("{random:016x}{:06x}", random & 0xff_ffff);
        assert_eq!(read(&stage, &with(&invented)).await.status, StatusCode::FORBIDDEN);
    }
    for odd in
        ["short", "%20", "a=b=c", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA"]
    {
        assert_eq!(read(&stage, &with(odd)).await.status, StatusCode::FORBIDDEN, "{odd}");
    }
    assert_eq!(viewers(&stage), 0);
    assert_eq!(read(&stage, &own).await.status, StatusCode::OK);
    assert_eq!(viewers(&stage), 1, "those who have one don't mind");
}

#[tokio::test]
async fn one_session_is_one_viewer_from_wherever_it_comes() {
    let stage = on_air();
    let url = arrive(&stage).await;
    for number in 1..=200 {
        stage
            .request_by(
                &Client { address: Ipv4Addr::new(10, 0, 0, number).into(), agent: "player" },
                Method::GET,
                &url,
            )
            .await;
    }
    assert_eq!(viewers(&stage), 1);
}

#[tokio::test]
async fn a_pass_of_another_stream_is_an_invented_one() {
    let one = on_air();
    let shared = (one.hub.clone(), one.delivery.clone());
    let channel = domain::Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/other").expect("an ARN");
    let mut other = Stage::beside(shared, &channel, Audience::Everyone, &Film::default(), LONG);
    other.play_until(|now| now.listed.len() == 4);
    let pass = |url: String| url.split('/').nth(6).expect("a pass").to_owned();
    let (foreign, own) = (pass(arrive(&one).await), pass(arrive(&other).await));
    let path = other.path("s1.m4s").replace("s1.m4s", "index.m3u8");
    let with = |pass: &str| path.replace("/source/", &format!("/{pass}/source/"));
    assert_eq!(read(&other, &with(&foreign)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(read(&other, &with(&own)).await.status, StatusCode::OK);
    assert_eq!((viewers(&other), viewers(&one)), (1, 0));
}

#[tokio::test]
async fn of_a_private_channel_nobody_without_a_token_counts() {
    let film = Film::default();
    let mut stage = Stage::before(Audience::TokenHolders, &film, LONG, Config::default());
    stage.play_until(|now| now.next_number() > 4);
    assert_eq!(stage.get("index.m3u8").await.status, StatusCode::FORBIDDEN);
    assert_eq!(viewers(&stage), 0);
}

#[tokio::test(start_paused = true)]
async fn a_viewer_who_leaves_is_gone_after_the_window_and_one_who_stays_is_not() {
    let stage = on_air();
    let (gone, stays) = (arrive(&stage).await, arrive(&stage).await);
    running(&stage.delivery, async {
        read(&stage, &gone).await;
        let left = Instant::now();
        while left.elapsed() < WINDOW {
            read(&stage, &stays).await;
            assert_eq!(viewers(&stage), 2, "{:?}", left.elapsed());
            sleep(Duration::from_millis(500)).await;
        }
        sleep(2 * LOOK).await;
        assert_eq!(viewers(&stage), 1);
        // Whoever comes back counts again, as the same.
        read(&stage, &gone).await;
        assert_eq!(viewers(&stage), 2);
        sleep(WINDOW + 2 * LOOK).await;
        assert_eq!(viewers(&stage), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_stream_that_stalls_stays_a_viewer() {
    let stage = on_air();
    let url = format!("{}?_HLS_msn=4&_HLS_part=2", arrive(&stage).await);
    running(&stage.delivery, async {
        for _ in 0..10 {
            let refused = read(&stage, &url).await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(viewers(&stage), 1);
            let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
            sleep(Duration::from_secs(seconds)).await;
            assert_eq!(viewers(&stage), 1);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_held_request_is_seen_until_it_is_answered() {
    let film = Film { gop: 30 * 6, ..Film::default() };
    let mut stage = Stage::new(&film, LONG);
    let now = stage.play_until(|now| now.listed.len() == 3 && now.next_part() == 2);
    assert_eq!(now.terms.target_duration, 6, "held for 18 seconds at most");
    let url = format!("{}?_HLS_msn={}&_HLS_part=2", arrive(&stage).await, now.next_number());
    let delivery = stage.delivery.clone();
    running(&delivery, async {
        let answer = read(&stage, &url);
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            _ = &mut answer => panic!("nothing new is there"),
            () = sleep(Duration::from_secs(17)) => assert_eq!(stage.broadcast.pulse().viewers(), 1),
        }
        assert_eq!(answer.await.status, StatusCode::SERVICE_UNAVAILABLE);
        sleep(Duration::from_secs(18)).await;
        assert_eq!(stage.broadcast.pulse().viewers(), 1);
        sleep(Duration::from_secs(3)).await;
        assert_eq!(stage.broadcast.pulse().viewers(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_count_goes_with_the_broadcast() {
    let mut stage = on_air();
    let delivery = stage.delivery.clone();
    running(&delivery, async {
        let url = arrive(&stage).await;
        read(&stage, &url).await;
        assert_eq!(viewers(&stage), 1);
        stage.end();
        sleep(2 * LOOK).await;
        assert_eq!(viewers(&stage), 0);
        let last = read(&stage, &url).await;
        assert!(last.text().contains("#EXT-X-ENDLIST"), "the rest can still be seen");
        assert_eq!(viewers(&stage), 0);
    })
    .await;
}

#[tokio::test]
async fn media_time_that_is_handed_out_is_counted_for_each_who_gets_it() {
    let stage = on_air();
    let delivered = || stage.broadcast.pulse().delivered_ms();
    let now = stage.broadcast.shelf().latest().expect("on air");
    let segment = now.listed[1].duration.to_scale(1_000).unsigned_abs();
    let part = now.listed[1].parts[0].duration.to_scale(1_000).unsigned_abs();
    for _ in 0..3 {
        stage.get("s1.m4s").await;
    }
    assert_eq!(delivered(), 3 * segment);
    stage.get("p1.0.m4s").await;
    assert_eq!(delivered(), 3 * segment + part);
    stage.request(Method::HEAD, &stage.path("s1.m4s")).await;
    for file in ["i0.mp4", "index.m3u8", "s99.m4s"] {
        stage.get(file).await;
    }
    assert_eq!(delivered(), 3 * segment + part, "heads, playlists and absent files are no media");
}

/// What a viewer does next, and when.
#[derive(Clone, Debug)]
struct Act {
    viewer: u8,
    pause_ms: u64,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0..12u8, 0..6_000u64).prop_map(|(viewer, pause_ms)| Act { viewer, pause_ms });
    proptest::collection::vec(act, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_count_is_those_who_were_seen_within_the_window(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(follow(acts))?;
    }
}

async fn follow(acts: Vec<Act>) -> Result<(), TestCaseError> {
    let stage = on_air();
    let mut urls = HashMap::new();
    for viewer in 0..12u8 {
        urls.insert(viewer, arrive(&stage).await);
    }
    let mut seen: HashMap<u8, Instant> = HashMap::new();
    running(&stage.delivery, async {
        for Act { viewer, pause_ms } in acts {
            read(&stage, &urls[&viewer]).await;
            seen.insert(viewer, Instant::now());
            sleep(Duration::from_millis(pause_ms)).await;
            let within = |window| seen.values().filter(|last| last.elapsed() <= window).count();
            let counted = usize::try_from(viewers(&stage)).expect("a few");
            let slack = LOOK + Duration::from_millis(200);
            prop_assert!(
                (within(WINDOW)..=within(WINDOW + slack)).contains(&counted),
                "{counted} of {seen:?}"
            );
        }
        Ok(())
    })
    .await
}

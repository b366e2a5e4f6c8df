//! The players' rules for low-latency playlists, numbered as in the project's list, checked on the text that
//! goes out, for each pair of consecutive playlists of a session.

use std::collections::HashMap;
use std::time::Duration;

use crate::stage::{Entry, Playlist, Stage, start};
use bytes::Bytes;
use http::{Method, StatusCode};
use testkit::Film;

const RATES: [(u32, u32); 8] =
    [(24_000, 1_001), (24, 1), (25, 1), (30_000, 1_001), (30, 1), (50, 1), (60_000, 1_001), (60, 1)];

fn films() -> impl Iterator<Item = Film> {
    let shapes = [(1, 0, 48_000), (2, 2, 44_100), (4, 3, 48_000)];
    RATES.into_iter().flat_map(move |frame_rate| {
        shapes.into_iter().map(move |(seconds, b_frames, sample_rate)| {
            let gop = frame_rate.0.div_ceil(frame_rate.1) * seconds;
            Film { frame_rate, gop, b_frames, sample_rate, ..Film::default() }
        })
    })
}

/// Every playlist of a session, in order.
async fn playlists(film: &Film, length: u64) -> Vec<Playlist> {
    let mut stage = Stage::new(film, Duration::from_secs(length));
    let mut all = Vec::new();
    while stage.step().is_some() {
        all.push(Playlist::read(stage.get("index.m3u8").await.text()));
    }
    stage.end();
    all.push(Playlist::read(stage.get("index.m3u8").await.text()));
    assert!(all.len() > 50 && all[all.len() - 1].ended);
    all
}

fn pairs(all: &[Playlist]) -> impl Iterator<Item = (&Playlist, &Playlist)> {
    all.windows(2).map(|pair| (&pair[0], &pair[1]))
}

#[tokio::test]
async fn rule_1_server_control_and_targets_never_change() {
    for film in films() {
        let all = playlists(&film, 40).await;
        for (before, now) in pairs(&all) {
            assert_eq!(before.constants, now.constants);
        }
        let first = &all[0];
        let target = f64::from(first.target);
        assert!(first.part_hold_back >= first.part_target * 3.5 - 1e-9);
        assert!(first.hold_back >= target * 3.0 && first.skip_until >= target * 6.0);
    }
}

#[tokio::test]
async fn rule_2_parts_keep_to_their_target_and_add_up_to_their_segment() {
    for film in films() {
        for playlist in playlists(&film, 30).await {
            let with_parts = playlist.segments.iter().filter(|segment| !segment.parts.is_empty());
            for segment in with_parts.clone() {
                let sum: f64 = segment.parts.iter().map(|part| part.1).sum();
                assert!((sum - segment.duration).abs() < 1.0 / 90_000.0 + 1e-9, "{sum} {}", segment.duration);
                assert!(segment.duration.round() <= f64::from(playlist.target));
                inspect_parts(&playlist, &segment.parts[..segment.parts.len() - 1], &segment.parts);
            }
            inspect_parts(&playlist, &playlist.open.parts, &playlist.open.parts);
        }
    }
}

fn inspect_parts(playlist: &Playlist, full: &[(String, f64, bool)], all: &[(String, f64, bool)]) {
    assert!(all.iter().all(|part| part.1 > 0.0 && part.1 <= playlist.part_target));
    assert!(full.iter().all(|part| part.1 >= playlist.part_target * 0.85));
}

#[tokio::test]
async fn rule_3_segments_begin_independent_and_only_recent_parts_are_listed() {
    for film in films() {
        for playlist in playlists(&film, 30).await {
            let mut behind: f64 = playlist.open.parts.iter().map(|part| part.1).sum();
            let boundary = f64::from(playlist.target) * 3.0;
            for segment in playlist.segments.iter().rev() {
                behind += segment.duration;
                assert!(segment.parts.first().is_none_or(|part| part.2), "INDEPENDENT=YES");
                assert_eq!(segment.parts.is_empty(), behind > boundary + 1e-9);
            }
            assert!(playlist.open.parts.first().is_none_or(|part| part.2));
        }
    }
}

#[tokio::test]
async fn rule_4_numbers_rise_and_a_url_never_changes_its_content() {
    let film = Film::default();
    let mut stage = Stage::new(&film, Duration::from_secs(45));
    let mut seen: HashMap<String, Bytes> = HashMap::new();
    let mut newest = 0;
    while stage.step().is_some() {
        let playlist = Playlist::read(stage.get("index.m3u8").await.text());
        assert!(playlist.first >= newest);
        newest = playlist.first;
        let parts = playlist.segments.iter().chain([&playlist.open]).flat_map(|segment| &segment.parts);
        let uris: Vec<String> = parts
            .map(|part| part.0.clone())
            .chain(
                playlist
                    .segments
                    .iter()
                    .flat_map(|segment| [Some(segment.uri.clone()), segment.map.clone()])
                    .flatten(),
            )
            .collect();
        for uri in uris {
            let reply = stage.get(&uri).await;
            assert_eq!(reply.status, StatusCode::OK, "{uri}");
            let same = seen.entry(uri).or_insert_with(|| reply.body.clone());
            assert_eq!(*same, reply.body);
        }
    }
    assert!(newest > 20);
    let removed = newest - 12;
    assert_eq!(stage.get(&format!("s{removed}.m4s")).await.status, StatusCode::OK, "readable for one window");
}

#[tokio::test]
async fn rule_4_a_segment_is_its_parts_one_after_the_other() {
    let mut stage = Stage::new(&Film::default(), Duration::from_secs(10));
    let now = stage.play_until(|now| now.listed.len() == 5);
    for segment in now.listed.iter() {
        let mut joined = Vec::new();
        for part in 0..segment.parts.len() {
            joined.extend(stage.get(&format!("p{}.{part}.m4s", segment.number)).await.body);
        }
        assert_eq!(stage.get(&format!("s{}.m4s", segment.number)).await.body, joined);
    }
}

#[tokio::test]
async fn rule_5_a_delta_and_the_playlist_before_make_the_full_one() {
    for film in films().step_by(5) {
        let mut stage = Stage::new(&film, Duration::from_secs(70));
        let mut before: Option<Playlist> = None;
        let mut deltas = 0;
        while stage.step().is_some() {
            let full = Playlist::read(stage.get("index.m3u8").await.text());
            let delta = Playlist::read(stage.get("index.m3u8?_HLS_skip=YES").await.text());
            if let Some(before) = before.filter(|_| delta.skipped > 0) {
                deltas += 1;
                // Parts and maps of what is skipped are older news.
                assert_eq!(stripped(&delta.rebuilt(&before)), stripped(&full));
                let kept: f64 = delta.listed() + delta.open.parts.iter().map(|part| part.1).sum::<f64>();
                assert!(kept >= full.skip_until, "only what lies before the boundary is skipped");
            }
            before = Some(full);
        }
        assert!(deltas > 50, "{deltas}");
    }
}

/// Without what a player derives: the map of the first one listed, and parts that grew old meanwhile.
fn stripped(playlist: &Playlist) -> Playlist {
    let bare = |entry: &Entry| Entry { map: None, parts: Vec::new(), ..entry.clone() };
    Playlist { segments: playlist.segments.iter().map(bare).collect(), ..playlist.clone() }
}

#[tokio::test(start_paused = true)]
async fn rule_6_a_blocking_answer_holds_what_was_asked_and_comes_no_earlier() {
    let mut stage = Stage::new(&Film::default(), Duration::from_secs(20));
    let mut now = stage.play_until(|_| true);
    for _ in 0..40 {
        let (segment, part) = (now.next_number(), now.next_part());
        let query = format!("index.m3u8?_HLS_msn={segment}&_HLS_part={part}");
        let asked = tokio::join!(biased; stage.get(&query), async {
            tokio::task::yield_now().await;
            stage.step().expect("the film is long enough")
        });
        now = asked.1;
        let playlist = Playlist::read(asked.0.text());
        let there = playlist.segments.iter().chain([&playlist.open]).flat_map(|entry| &entry.parts);
        assert!(there.into_iter().any(|found| found.0.ends_with(&format!("p{segment}.{part}.m4s"))));
    }
}

#[tokio::test]
async fn rule_7_wall_clock_times_follow_the_media() {
    for film in films().step_by(3) {
        for playlist in playlists(&film, 30).await {
            let times = playlist.segments.iter().map(|segment| millis(&segment.time));
            let begins: Vec<i64> =
                times.chain((!playlist.open.parts.is_empty()).then(|| millis(&playlist.open.time))).collect();
            for (pair, segment) in begins.windows(2).zip(&playlist.segments) {
                #[expect(clippy::cast_precision_loss, reason = "milliseconds of seconds")]
                let between = (pair[1] - pair[0]) as f64 / 1_000.0;
                assert!((between - segment.duration).abs() < 0.002, "{between} {}", segment.duration);
            }
        }
    }
    let mut stage = Stage::new(&Film::default(), Duration::from_secs(5));
    stage.play_until(|_| true);
    let first = Playlist::read(stage.get("index.m3u8").await.text());
    let began = start().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    assert_eq!(millis(&first.segments[0].time) as u128 % 86_400_000, began % 86_400_000);
}

/// Milliseconds since midnight.
fn millis(time: &str) -> i64 {
    let clock = time.split_once('T').expect("a date and a time").1.trim_end_matches('Z');
    let parts: Vec<f64> = clock.split(':').map(|part| part.parse().expect("a number")).collect();
    #[expect(clippy::cast_possible_truncation, reason = "a day has 86 400 000")]
    let millis = ((parts[0] * 60.0 + parts[1]) * 60_000.0 + parts[2] * 1_000.0).round() as i64;
    millis
}

#[tokio::test]
async fn rule_8_the_multivariant_playlist_tells_what_the_media_are() {
    let film = Film { width: 1_280, height: 720, frame_rate: (30_000, 1_001), ..Film::default() };
    let mut stage = Stage::new(&film, Duration::from_secs(10));
    let now = stage.play_until(|now| now.listed.len() == 5);
    let reply = stage.request(Method::GET, &stage.multivariant()).await;
    let text = reply.text();
    let video = film.tracks().video.expect("a picture").codec();
    assert!(text.contains(&format!("CODECS=\"{video},mp4a.40.2\"")), "{text}");
    assert!(text.contains("RESOLUTION=1280x720"));
    assert!(text.contains("FRAME-RATE=29.970"));
    assert!(text.contains("GROUP-ID=\"720p30\"") && !text.contains("CLOSED-CAPTIONS"));
    let bandwidth: u64 = text
        .split_once(":BANDWIDTH=")
        .and_then(|(_, rest)| rest.split(',').next())
        .expect("a bandwidth")
        .parse()
        .expect("a number");
    for segment in now.listed.iter() {
        let bytes: usize = segment.parts.iter().map(|part| part.data.len()).sum();
        assert!(bandwidth as f64 >= bytes as f64 * 8.0 / crate::stage::seconds(segment.duration));
    }
    let uri = text.lines().last().expect("a line");
    let media = stage.request(Method::GET, &format!("/api/video/v1/{uri}")).await;
    assert_eq!(media.status, StatusCode::OK);
}

#[tokio::test]
async fn rule_9_parts_are_served_whole_and_outlive_their_line() {
    let mut stage = Stage::new(&Film::default(), Duration::from_secs(30));
    let now = stage.play_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    let first = format!("p{}.0.m4s", now.next_number());
    let whole = stage.get(&first).await.body;
    // The line goes after three target durations; three more later the part is still there.
    let later = now.next_number() + 7;
    stage.play_until(|now| now.next_number() == later);
    let playlist = stage.get("index.m3u8").await;
    assert!(!playlist.text().contains(&first));
    assert_eq!(stage.get(&first).await.body, whole);
}

#[tokio::test]
async fn rule_10_three_target_durations_are_listed_and_discontinuities_are_counted() {
    for film in films() {
        let all = playlists(&film, 40).await;
        for (before, now) in pairs(&all) {
            assert!(now.listed() >= f64::from(now.target) * 3.0);
            let gone = usize::try_from(now.first - before.first).expect("small");
            let removed =
                before.segments[..gone].iter().filter(|segment| segment.discontinuity).count() as u64;
            assert_eq!(now.discontinuities, before.discontinuities + removed);
        }
    }
}

#[tokio::test]
async fn the_hint_is_the_next_part_and_goes_with_the_end() {
    let film = Film::default();
    let all = playlists(&film, 15).await;
    for (before, now) in pairs(&all).filter(|(_, now)| !now.ended) {
        let hinted = before.hint.as_ref().expect("a hint in each playlist");
        let listed = now.segments.iter().chain([&now.open]).flat_map(|entry| &entry.parts);
        assert_eq!(listed.map(|part| &part.0).next_back(), Some(hinted));
    }
    assert_eq!(all[all.len() - 1].hint, None);
}

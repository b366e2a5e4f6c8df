//! Several renditions of one stream: which of them a viewer gets, what is waited for, and what is not there.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use delivery::{Body, Error};
use domain::{ChannelType, ContainerFormat};
use http::{Method, StatusCode};
use http_body::Body as _;
use live::{Airing, Audience, Past, RenditionSound, RenditionTerms, ShelfWriter, Snapshot};
use media::Tracks;
use testkit::Film;

use crate::followed::Followed;
use crate::stage::{Client, Stage, at_once};

const LONG: Duration = Duration::from_secs(60);

/// A stage with renditions beside the source, each of which is put on its shelf by hand.
struct Ladder {
    stage: Stage,
    rungs: Vec<(Followed, ShelfWriter)>,
}

fn terms(name: &str, lines: Option<u32>) -> RenditionTerms {
    RenditionTerms {
        name: name.to_owned(),
        label: name.trim_end_matches("30").to_owned(),
        bandwidth: 1_400_000,
        lines,
        frame_rate: None,
        sound: RenditionSound::Own,
    }
}

fn tracks(lines: Option<u32>) -> Tracks {
    let height = lines.unwrap_or(160);
    Film { width: height * 16 / 9 / 2 * 2, height, picture: lines.is_some(), ..Film::default() }.tracks()
}

impl Ladder {
    /// `480p30` and `audio_only`; of the first of them the segments that `is_gap` names are not there.
    fn new(offers_source: bool, is_gap: fn(u64, usize) -> bool) -> Self {
        let airing = Airing {
            channel_type: ChannelType::Standard,
            container: ContainerFormat::FragmentedMp4,
            ..Audience::Everyone.into()
        };
        let stage = Stage::airing(airing, &Film::default(), LONG);
        let all = [("480p30", Some(480)), ("audio_only", None)];
        let terms = all.map(|(name, lines)| terms(name, lines));
        stage.broadcast.set_ladder(offers_source, terms.to_vec()).expect("not decided before");
        let ladder = stage.broadcast.ladder().expect("decided");
        let rungs = ladder.renditions.iter().map(|rendition| {
            let terms = rendition.terms();
            let followed = Followed::new(&terms.name, tracks(terms.lines), is_gap);
            (followed, rendition.shelf().writer().expect("the first writer"))
        });
        Self { rungs: rungs.collect(), stage }
    }

    /// Plays the source alone.
    fn source_until(&mut self, wanted: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        self.stage.play_until(wanted)
    }

    /// All others are as far as this.
    fn follow(&mut self, source: &Snapshot) {
        self.rungs.iter_mut().for_each(|(followed, shelf)| shelf.put(followed.of(source)));
    }

    /// All are on air, with two parts of segment 4.
    fn on_air(offers_source: bool, is_gap: fn(u64, usize) -> bool) -> Self {
        let mut ladder = Self::new(offers_source, is_gap);
        let now = ladder.source_until(|now| now.listed.len() == 4 && now.next_part() == 2);
        ladder.follow(&now);
        ladder
    }

    async fn get(&self, rendition: &str, file: &str) -> (StatusCode, Bytes) {
        let reply = self.stage.request(Method::GET, &self.stage.path_in(rendition, file)).await;
        (reply.status, reply.body)
    }

    async fn status(&self, rendition: &str, file: &str) -> StatusCode {
        self.get(rendition, file).await.0
    }

    /// The renditions that a viewer who comes now is told of.
    async fn told(&self) -> Vec<String> {
        let reply = self.stage.request(Method::GET, &self.stage.multivariant()).await;
        let uris = reply.text().lines().filter(|line| !line.starts_with('#'));
        uris.map(|uri| uri.split('/').nth(3).expect("a rendition").to_owned()).collect()
    }
}

async fn next(body: &mut Body) -> Option<Result<Bytes, Error>> {
    let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
    frame.map(|frame| frame.map(|frame| frame.into_data().expect("data")))
}

#[tokio::test]
async fn nobody_is_let_in_before_there_is_something_to_play_of_each_rendition() {
    let mut ladder = Ladder::new(true, |_, _| false);
    let now = ladder.source_until(|now| now.listed.len() == 4 && now.next_part() == 2);
    let way_in = ladder.stage.multivariant();
    assert_eq!(ladder.stage.request(Method::GET, &way_in).await.status, StatusCode::NOT_FOUND);
    ladder.follow(&now);
    assert_eq!(ladder.told().await, ["source", "480p30", "audio_only"]);
}

#[tokio::test]
async fn renditions_are_told_by_their_names_and_as_they_are_coded() {
    let ladder = Ladder::on_air(true, |_, _| false);
    let reply = ladder.stage.request(Method::GET, &ladder.stage.multivariant()).await;
    let text = reply.text();
    let codec = tracks(Some(480)).video.expect("a picture").codec();
    for told in [
        "GROUP-ID=\"360p30\",NAME=\"360p30\",AUTOSELECT=YES,DEFAULT=YES\n".to_owned(),
        "GROUP-ID=\"480p30\",NAME=\"480p\",AUTOSELECT=YES,DEFAULT=YES\n".to_owned(),
        format!("RESOLUTION=852x480,CODECS=\"{codec},mp4a.40.2\",VIDEO=\"480p30\",FRAME-RATE=30.000\n"),
        "GROUP-ID=\"audio_only\",NAME=\"audio_only\",AUTOSELECT=NO,DEFAULT=NO\n".to_owned(),
        "CODECS=\"mp4a.40.2\",VIDEO=\"audio_only\"\n".to_owned(),
    ] {
        assert!(text.contains(&told), "{told} in {text}");
    }
    assert_eq!(text.matches("BANDWIDTH=1400000,AVERAGE-BANDWIDTH=").count(), 2, "what was promised: {text}");
}

#[tokio::test]
async fn each_rendition_has_its_own_media_under_the_same_names() {
    let ladder = Ladder::on_air(true, |_, _| false);
    assert_eq!(ladder.get("480p30", "p3.0.m4s").await, (StatusCode::OK, Bytes::from_static(b"480p30 3.0 ")));
    assert_eq!(ladder.get("480p30", "i0.mp4").await, (StatusCode::OK, Bytes::from_static(b"480p30 init")));
    assert_eq!(ladder.get("audio_only", "p3.1.m4s").await.1, Bytes::from_static(b"audio_only 3.1 "));
    let (_, whole) = ladder.get("480p30", "s3.m4s").await;
    assert!(whole.starts_with(b"480p30 3.0 480p30 3.1 "));
    assert!(ladder.get("source", "s3.m4s").await.1.len() > whole.len());
    for (rendition, file) in [("720p30", "s3.m4s"), ("480P30", "s3.m4s"), ("480p30", "s3.ts"), ("", "s3.m4s")]
    {
        assert_eq!(ladder.status(rendition, file).await, StatusCode::NOT_FOUND, "{rendition}/{file}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_rendition_waits_for_that_rendition() {
    let mut ladder = Ladder::on_air(true, |_, _| false);
    let path = ladder.stage.path_in("480p30", "index.m3u8?_HLS_msn=4&_HLS_part=2");
    let part = ladder.stage.path_in("480p30", "p4.2.m4s");
    let mut held = pin!(ladder.stage.request(Method::GET, &path));
    let mut hinted = pin!(ladder.stage.request(Method::GET, &part));
    assert!(at_once(held.as_mut()).is_none() && at_once(hinted.as_mut()).is_none());
    let now = ladder.source_until(|now| now.next_part() == 3);
    assert!(at_once(held.as_mut()).is_none(), "the source is further, but that was not asked for");
    ladder.follow(&now);
    assert!(held.await.text().contains("p4.2.m4s\"\n"));
    assert_eq!(hinted.await.body, Bytes::from_static(b"480p30 4.2 "));
}

#[tokio::test]
async fn each_rendition_tells_how_far_the_others_are() {
    let mut ladder = Ladder::on_air(true, |_, _| false);
    ladder.source_until(|now| now.next_part() == 4);
    let reports = async |rendition: &str, file: &str| -> Vec<String> {
        let (_, text) = ladder.get(rendition, file).await;
        let text = String::from_utf8(text.to_vec()).expect("text");
        text.lines()
            .filter_map(|line| line.strip_prefix("#EXT-X-RENDITION-REPORT:"))
            .map(str::to_owned)
            .collect()
    };
    let at = |name: &str, part: usize| format!("URI=\"../{name}/index.m3u8\",LAST-MSN=4,LAST-PART={part}");
    assert_eq!(reports("source", "index.m3u8").await, [at("480p30", 1), at("audio_only", 1)]);
    assert_eq!(reports("480p30", "index.m3u8").await, [at("source", 3), at("audio_only", 1)]);
    assert_eq!(reports("480p30", "prefetch.m3u8").await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_refused_at_once_and_told() {
    let mut ladder =
        Ladder::on_air(true, |segment, part| segment == 2 || segment == 3 && part == 1 || segment == 5);
    let (_, text) = ladder.get("480p30", "index.m3u8").await;
    let text = String::from_utf8(text.to_vec()).expect("text");
    assert!(text.contains("p3.0.m4s\",INDEPENDENT=YES\n") && text.contains("p3.1.m4s\",GAP=YES\n"), "{text}");
    assert_eq!(text.matches("#EXT-X-GAP\n#EXTINF:").count(), 2);
    for (file, status) in [
        ("s2.m4s", StatusCode::NOT_FOUND),
        ("s3.m4s", StatusCode::NOT_FOUND),
        ("p3.1.m4s", StatusCode::NOT_FOUND),
        ("p3.0.m4s", StatusCode::OK),
        ("s1.m4s", StatusCode::OK),
    ] {
        let reply = ladder.stage.request(Method::GET, &ladder.stage.path_in("480p30", file));
        assert_eq!(at_once(reply).expect("at once").status, status, "{file}");
        assert_eq!(ladder.status("source", file).await, StatusCode::OK, "{file}");
    }
    // Who waits for what does not come is not kept longer than until that is known.
    let [part, segment] = ["p5.0.m4s", "s5.m4s"].map(|file| ladder.stage.path_in("480p30", file));
    let mut segment = pin!(ladder.stage.request(Method::GET, &segment));
    assert!(at_once(segment.as_mut()).is_none());
    let now = ladder.source_until(|now| now.next_number() == 5 && now.next_part() == 0);
    ladder.follow(&now);
    let mut part = pin!(ladder.stage.request(Method::GET, &part));
    assert!(at_once(part.as_mut()).is_none());
    let now = ladder.source_until(|now| now.next_part() == 1);
    ladder.follow(&now);
    assert_eq!((part.await.status, segment.await.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
}

#[tokio::test(start_paused = true)]
async fn a_segment_that_turns_out_not_to_be_whole_is_broken_off() {
    let mut ladder = Ladder::on_air(true, |segment, part| segment == 4 && part == 2);
    let path = ladder.stage.path_in("480p30", "s4.m4s");
    let mut body = ladder.stage.answer(&Client::default(), Method::GET, &path, &[]).await.into_body();
    assert_eq!(next(&mut body).await, Some(Ok(Bytes::from_static(b"480p30 4.0 "))));
    assert_eq!(next(&mut body).await, Some(Ok(Bytes::from_static(b"480p30 4.1 "))));
    let now = ladder.source_until(|now| now.next_part() == 3);
    ladder.follow(&now);
    assert_eq!(next(&mut body).await, Some(Err(Error::Missing)));
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn a_rendition_that_is_out_is_not_told_to_those_who_come_until_it_is_back() {
    // Both renditions miss what the function says.
    let mut ladder = Ladder::on_air(true, |segment, _| segment == 4 || segment == 5);
    assert_eq!(ladder.told().await, ["source", "480p30", "audio_only"]);
    for (number, told) in [(5, &["source"][..]), (7, &["source", "480p30", "audio_only"])] {
        let now = ladder.source_until(|now| now.next_number() == number && now.next_part() == 1);
        ladder.follow(&now);
        assert_eq!(ladder.told().await, told);
        assert_eq!(ladder.status("480p30", "index.m3u8").await, StatusCode::OK, "who plays it stays");
    }
}

#[tokio::test]
async fn a_source_that_is_not_offered_is_nobodys_until_it_stands_in_for_all_else() {
    let mut ladder = Ladder::on_air(false, |segment, _| segment == 4);
    assert_eq!(ladder.told().await, ["480p30", "audio_only"]);
    let files = ["index.m3u8", "prefetch.m3u8", "i0.mp4", "s3.m4s", "p3.0.m4s"];
    for file in files {
        assert_eq!(ladder.status("source", file).await, StatusCode::NOT_FOUND, "{file}");
    }
    let (_, text) = ladder.get("480p30", "index.m3u8").await;
    assert!(!text.windows(9).any(|nine| nine == b"../source"), "it is not reported either");
    let now = ladder.source_until(|now| now.next_number() == 5 && now.next_part() == 1);
    ladder.follow(&now);
    assert_eq!(ladder.told().await, ["source"]);
    // Those who were led there are not sent away again when the others are back.
    let now = ladder.source_until(|now| now.next_number() == 6 && now.next_part() == 1);
    ladder.follow(&now);
    assert_eq!(ladder.told().await, ["480p30", "audio_only"]);
    for file in files {
        assert_eq!(ladder.status("source", file).await, StatusCode::OK, "{file}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_viewer_who_changes_between_renditions_is_one_viewer() {
    let ladder = Ladder::on_air(true, |_, _| false);
    for _ in 0..3 {
        for rendition in ["source", "480p30", "audio_only"] {
            assert_eq!(ladder.status(rendition, "index.m3u8").await, StatusCode::OK);
        }
    }
    assert_eq!(ladder.stage.broadcast.pulse().viewers(), 1);
    let before = ladder.stage.broadcast.pulse().delivered_ms();
    let length = ladder.stage.broadcast.shelf().latest().expect("on air").listed[1].duration;
    ladder.status("480p30", "s1.m4s").await;
    let handed_out = ladder.stage.broadcast.pulse().delivered_ms() - before;
    assert_eq!(handed_out, length.to_scale(1_000).unsigned_abs());
}

#[tokio::test]
async fn a_rendition_is_rewound_by_what_was_kept_of_it_and_its_gaps_stay_gaps() {
    let mut ladder = Ladder::new(true, |segment, part| segment == 1 && part == 2);
    let source = ladder.source_until(|now| now.listed.len() == 5 && now.next_part() == 1);
    ladder.follow(&source);
    // Its two oldest segments are on disk by now.
    let (followed, shelf) = &mut ladder.rungs[0];
    let mut now = Arc::into_inner(followed.of(&source)).expect("nobody else has it");
    let (gone, listed) = now.listed.split_at(2);
    gone.iter().for_each(|segment| now.history.push(Past::from(&**segment)));
    now.listed = listed.iter().cloned().collect();
    let kept = now.history.get(0).expect("listed").bytes;
    shelf.put(Arc::new(now));
    let folder = tempfile::tempdir().expect("a folder");
    let spool = blob::Spool::new(folder.path().to_owned());
    let whole = vec![b'x'; usize::try_from(kept).expect("short")];
    let reel = format!("{}.480p30", ladder.stage.broadcast.stream());
    spool.write(&reel, 0, vec![Bytes::from(whole.clone())]).await.expect("room");
    ladder.stage.delivery = ladder.stage.delivery.clone().with_spool(spool);
    let (_, text) = ladder.get("480p30", "index.m3u8").await;
    let text = String::from_utf8(text.to_vec()).expect("text");
    assert!(text.contains("#EXT-X-MEDIA-SEQUENCE:0\n"), "{text}");
    let gap = text.split_once("#EXT-X-GAP\n").map_or("", |(_, rest)| rest);
    assert_eq!(gap.lines().nth(1), Some("../../480p30/s1.m4s"), "{text}");
    assert_eq!(ladder.get("480p30", "s0.m4s").await, (StatusCode::OK, Bytes::from(whole)));
    assert_eq!(ladder.status("480p30", "s1.m4s").await, StatusCode::NOT_FOUND);
}

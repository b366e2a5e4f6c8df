//! An independent decoder's reading of what the packager makes, in both containers.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::ContainerFormat;
use live::{RenditionSound, RenditionTerms, Text, TextSource};
use media::{Frame, Ticks, Tracks};
use packager::{Cut, Follower, Segmenter};
use testkit::Film;

const LENGTH: Duration = Duration::from_secs(8);

/// Its number of the kind of stream, and that of the stream: behind picture and sound, or sound alone.
const NO_DECODER_FOR_ID3: [&str; 2] = [
    "Unsupported codec with id 98313 for input stream 2\n",
    "Unsupported codec with id 98313 for input stream 1\n",
];

fn films() -> [Film; 2] {
    [((30, 1), 2, 44_100), ((60_000, 1_001), 0, 48_000)].map(|(frame_rate, b_frames, sample_rate)| Film {
        frame_rate,
        b_frames,
        sample_rate,
        gop: 60,
        ..Film::default()
    })
}

fn said(text: &str) -> Text {
    Text { text: text.into(), source: TextSource::Api }
}

/// The cuts of a film with a text every fifty frames.
fn cut(film: &Film, container: ContainerFormat) -> Vec<Cut> {
    let mut segmenter = Segmenter::within(container, Duration::from_millis(200));
    segmenter.tracks(Arc::new(film.tracks()));
    for (number, frame) in film.frames(LENGTH).into_iter().enumerate() {
        segmenter.frame(frame, SystemTime::UNIX_EPOCH);
        // A reader that does not know them must pass them over.
        if number % 50 == 0 {
            assert!(segmenter.metadata(said("between the pictures")));
        }
    }
    segmenter.end();
    std::iter::from_fn(|| segmenter.next_cut()).collect()
}

/// Writes an initialisation section, if there is one, and these parts.
fn write<'a>(path: &Path, cuts: impl IntoIterator<Item = &'a Cut>) {
    let mut file = File::create(path).expect("a new file");
    let mut is_begun = false;
    for cut in cuts {
        if !is_begun {
            file.write_all(&cut.heading.init.data).expect("room on the disk");
            is_begun = true;
        }
        cut.part.iter().for_each(|part| file.write_all(&part.data).expect("room on the disk"));
    }
}

/// What ffprobe says about a file, which must not make it complain.
fn probe(path: &Path, arguments: &[&str]) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "warning", "-of", "csv=p=0"])
        .args(arguments)
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    // That ID3 tags are nothing to decode is no complaint.
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    let complaints = NO_DECODER_FOR_ID3.iter().fold(complaints, |left, known| left.replace(known, ""));
    assert_eq!(complaints, "");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A packet: presentation and decoding time in 1/90 000 s, and whether it is a keyframe.
type Packet = (i64, i64, bool);

fn packets(path: &Path, stream: &str) -> Vec<Packet> {
    let fields = ["-select_streams", stream, "-show_entries", "packet=pts_time,dts_time,flags"];
    let text = probe(path, &fields);
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [pts, dts] = [fields[0], fields[1]].map(|time| ticks(time.parse().expect("seconds")));
            (pts, dts, fields[2].contains('K'))
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a short film")]
fn ticks(seconds: f64) -> i64 {
    (seconds * 90_000.0).round() as i64
}

/// The same, from the first picture's decoding time on.
fn since(start: i64, packets: &[Packet]) -> Vec<Packet> {
    packets.iter().map(|(pts, dts, key)| (pts - start, dts - start, *key)).collect()
}

#[test]
fn ffmpeg_decodes_every_picture_of_every_part_without_a_word() {
    for film in films() {
        for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("film");
            write(&path, &cut(&film, container));
            let fields = ["-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames"];
            let count = probe(&path, &fields).lines().next().and_then(|line| line.parse().ok());
            assert_eq!(count, Some(film.pictures(LENGTH).len()), "{container:?}");
        }
    }
}

#[test]
fn both_containers_tell_the_same_times_and_keyframes() {
    for film in films() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let found = [ContainerFormat::FragmentedMp4, ContainerFormat::Ts].map(|container| {
            let path = folder.path().join(container.as_str());
            write(&path, &cut(&film, container));
            let video = packets(&path, "v");
            let start = video[0].1;
            (since(start, &video), since(start, &packets(&path, "a")))
        });
        let [(pictures, sounds), (other_pictures, other_sounds)] = found;
        assert_eq!(pictures.len(), film.pictures(LENGTH).len());
        assert_eq!(pictures, other_pictures);
        assert_eq!(sounds.len(), other_sounds.len());
        for (one, other) in sounds.iter().zip(&other_sounds) {
            // Times inside a packet of several frames are the reader's own sums of rounded lengths.
            assert!((one.0 - other.0).abs() <= 8, "{one:?} {other:?}");
        }
    }
}

#[test]
fn every_segment_and_part_of_a_transport_stream_can_be_read_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("alone.ts");
    let cuts = cut(&films()[0], ContainerFormat::Ts);
    for cuts in cuts.chunk_by(|one, other| one.heading.number == other.heading.number) {
        write(&path, cuts);
        assert!(packets(&path, "v")[0].2, "a segment begins with a keyframe");
    }
    for cut in cuts.iter().filter(|cut| cut.part.as_ref().is_some_and(|part| part.independent)) {
        write(&path, [cut]);
        assert!(!packets(&path, "v").is_empty() && !packets(&path, "a").is_empty());
    }
}

#[test]
fn ffprobe_finds_each_text_at_the_time_of_a_picture() {
    for film in films() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("film.ts");
        let cuts = cut(&film, ContainerFormat::Ts);
        write(&path, &cuts);
        assert!(probe(&path, &["-show_entries", "stream=codec_name"]).contains("timed_id3"));
        let texts = packets(&path, "d");
        let pictures: Vec<i64> = packets(&path, "v").iter().map(|packet| packet.0).collect();
        let segments = cuts.iter().filter(|cut| cut.last).count();
        assert_eq!(texts.len(), film.frames(LENGTH).len().div_ceil(50) + segments, "each tells its latency");
        assert!(texts.iter().all(|text| pictures.contains(&text.0)));
    }
}

/// Places of audio packets, in units of the file's clock.
fn places(path: &Path) -> Vec<i64> {
    let text = probe(path, &["-select_streams", "a", "-show_entries", "packet=pts"]);
    let lines = text.lines().map(|line| line.trim_matches(','));
    lines.filter(|line| !line.is_empty()).map(|line| line.parse().expect("a number")).collect()
}

/// Sound that follows itself: how far each frame is from its place, counted from the first, in `clock` a second.
fn off(places: &[i64], rate: u32, clock: i64) -> i64 {
    let samples = i64::from(media::aac::FRAME_SAMPLES) * clock;
    let exact = |count: i64| places[0] + (count * samples + i64::from(rate) / 2) / i64::from(rate);
    (0..).zip(places).map(|(count, place)| (place - exact(count)).abs()).max().expect("some sound")
}

#[test]
fn sound_is_exact_to_the_sample_in_both_containers() {
    for (sample_rate, channels) in [(44_100, 1), (44_100, 2), (48_000, 1), (48_000, 2)] {
        let film = Film { sample_rate, channels, frame_rate: (30_000, 1_001), gop: 60, ..Film::default() };
        let folder = tempfile::tempdir().expect("a temporary folder");
        for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
            let path = folder.path().join(container.as_str());
            write(&path, &cut(&film, container));
            let fields = ["-select_streams", "a:0", "-show_entries", "stream=profile,sample_rate,channels"];
            let told = probe(&path, &fields);
            let told = told.lines().next().unwrap_or_default();
            assert_eq!(told, format!("LC,{sample_rate},{channels}"), "{container:?}");
            let places = places(&path);
            assert!(places.len() > 340, "eight seconds of it");
            match container {
                ContainerFormat::FragmentedMp4 => {
                    assert_eq!(off(&places, sample_rate, sample_rate.into()), 0);
                }
                // Its clock has no unit that both rates have; inside a packet the reader adds rounded lengths.
                ContainerFormat::Ts => assert!(off(&places, sample_rate, 90_000) <= 8),
            }
        }
    }
}

#[test]
fn players_are_told_of_he_aac_what_it_is() {
    // Object type 5 over 24 kHz stereo, SBR at 48 kHz, the core coder LC.
    let config = bytes::Bytes::from_static(&[0x2b, 0x11, 0x88, 0x00]);
    let sound = media::aac::parse_config(&config).expect("a configuration");
    assert_eq!((sound.codec().as_str(), sound.sample_rate), ("mp4a.40.5", 24_000));
    let film = Film { sample_rate: 24_000, gop: 60, ..Film::default() };
    let tracks = Tracks { audio: Some(sound), ..film.tracks() };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (container, clock) in [(ContainerFormat::FragmentedMp4, 24_000), (ContainerFormat::Ts, 90_000)] {
        let mut segmenter = Segmenter::within(container, Duration::from_millis(200));
        segmenter.tracks(Arc::new(tracks.clone()));
        film.frames(LENGTH).into_iter().for_each(|frame| segmenter.frame(frame, SystemTime::UNIX_EPOCH));
        segmenter.end();
        let cuts: Vec<Cut> = std::iter::from_fn(|| segmenter.next_cut()).collect();
        let path = folder.path().join(container.as_str());
        write(&path, &cuts);
        assert!(
            off(&places(&path), 24_000, clock) <= 8,
            "{container:?}: frames are counted by the core coder"
        );
        if container == ContainerFormat::FragmentedMp4 {
            let rate = probe(&path, &["-select_streams", "a:0", "-show_entries", "stream=sample_rate"]);
            assert_eq!(rate.lines().next(), Some("48000"), "the reader knows of SBR before it hears any");
        }
    }
}

/// Smaller pictures of a film, shown when those are, or its sound alone; and what they are.
fn transcoded(film: &Film, has_pictures: bool) -> (Tracks, Vec<Frame>) {
    let small = Film { width: 320, height: 180, b_frames: 0, picture: has_pictures, ..film.clone() };
    let mut times: Vec<Ticks> = film.pictures(LENGTH).iter().map(|frame| frame.pts).collect();
    times.sort();
    let pictures = small.pictures(LENGTH).into_iter().zip(times);
    let pictures = pictures.map(|(frame, pts)| Frame { dts: pts, pts, ..frame });
    let mut frames: Vec<Frame> = pictures.chain(film.sounds(LENGTH)).collect();
    frames.sort_by_key(|frame| frame.pts);
    (small.tracks(), frames)
}

/// A film as it came in, smaller with the source's sound, and its sound alone.
fn ladder(film: &Film, container: ContainerFormat) -> [Vec<Cut>; 3] {
    let terms = |lines: Option<u32>, sound| RenditionTerms {
        name: String::from("small"),
        label: String::from("small"),
        bandwidth: 600_000,
        lines,
        frame_rate: None,
        sound,
    };
    let source = cut(film, container);
    let follow = |terms: RenditionTerms| -> Vec<Cut> {
        let mut follower = Follower::new(container, &terms);
        let (tracks, frames) = transcoded(film, terms.lines.is_some());
        follower.tracks(Arc::new(tracks));
        film.pictures(LENGTH).iter().for_each(|frame| follower.source(frame.pts));
        frames.into_iter().for_each(|frame| follower.frame(frame));
        source.iter().for_each(|cut| follower.cut(cut));
        follower.end();
        std::iter::from_fn(|| follower.next_cut()).collect()
    };
    let small = follow(terms(Some(180), RenditionSound::Source));
    let sound = follow(terms(None, RenditionSound::Own));
    [source, small, sound]
}

#[test]
fn a_rendition_has_the_times_of_its_source_in_both_containers() {
    for film in films() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
            let paths = ["source", "small", "sound"].map(|name| folder.path().join(name));
            paths.iter().zip(ladder(&film, container)).for_each(|(path, cuts)| write(path, &cuts));
            let shown = |path: &Path| {
                let mut shown: Vec<_> = packets(path, "v").iter().map(|(pts, _, key)| (*pts, *key)).collect();
                shown.sort_unstable();
                shown
            };
            assert_eq!(shown(&paths[0]), shown(&paths[1]), "{container:?}");
            assert_eq!(packets(&paths[0], "a"), packets(&paths[1], "a"), "{container:?}");
            let ids = |path: &Path| {
                let told: Vec<i64> = packets(path, "d").iter().map(|packet| packet.0).collect();
                told
            };
            let [heard, told] = [packets(&paths[0], "a"), packets(&paths[2], "a")];
            assert!(heard.len() - told.len() <= 4, "{container:?}: {} {}", heard.len(), told.len());
            for (one, other) in heard.iter().zip(&told) {
                assert!((one.0 - other.0).abs() <= 8, "{container:?}: {one:?} {other:?}");
            }
            if container == ContainerFormat::Ts {
                assert_eq!(ids(&paths[0]), ids(&paths[1]));
                // A reader that has the clock by sound finds the texts of it, too.
                assert_eq!(ids(&paths[0]), ids(&paths[2]));
            }
        }
    }
}

#[test]
fn ffmpeg_decodes_every_part_of_a_rendition_without_a_word() {
    let film = &films()[0];
    for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("small");
        let [_, small, sound] = ladder(film, container);
        write(&path, &small);
        let count = |kind: &str| -> usize {
            let fields = ["-count_frames", "-select_streams", kind, "-show_entries", "stream=nb_read_frames"];
            let told = probe(&path, &fields);
            told.lines().next().and_then(|line| line.parse().ok()).unwrap_or(0)
        };
        assert_eq!(count("v"), film.pictures(LENGTH).len(), "{container:?}");
        write(&path, &sound);
        assert!(count("a") > 300, "{container:?}");
        assert!(sound.iter().all(|cut| cut.part.as_ref().is_none_or(|part| part.independent)));
        assert!(small.iter().filter_map(|cut| cut.part.as_ref()).all(|part| !part.is_gap()));
    }
}

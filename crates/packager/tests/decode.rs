//! An independent decoder's reading of what the packager makes, in both containers.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use domain::ContainerFormat;
use live::{Text, TextSource};
use packager::{Cut, Segmenter};
use testkit::Film;

const LENGTH: Duration = Duration::from_secs(8);

/// Its number of the kind of stream, and that of the stream.
const NO_DECODER_FOR_ID3: &str = "Unsupported codec with id 98313 for input stream 2\n";

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
    let complaints = String::from_utf8_lossy(&output.stderr).replace(NO_DECODER_FOR_ID3, "");
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

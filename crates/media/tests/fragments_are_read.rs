//! The reader of fragments: what our writer wrote comes out again; anything else is refused.
//!
//! Promise: sample by sample, with any samples, and however the bytes are cut or changed no panic.

use bytes::Bytes;
use media::fmp4::{AUDIO_TRACK, BoxError, Fragment, Sample, VIDEO_TRACK, fragments, init_segment, read_init};
use media::{TrackKind, Tracks};
use proptest::collection::vec;
use proptest::prelude::*;
use testkit::Film;

fn sample() -> impl Strategy<Value = Sample> {
    (any::<u32>(), any::<i32>(), any::<bool>(), vec(any::<u8>(), 0..64)).prop_map(
        |(duration, composition, keyframe, data)| Sample {
            duration,
            composition,
            keyframe,
            data: Bytes::from(data),
        },
    )
}

fn as_sound(samples: Vec<Sample>) -> Vec<Sample> {
    samples.into_iter().map(|sample| Sample { composition: 0, keyframe: true, ..sample }).collect()
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        parts in vec((any::<u64>(), vec(sample(), 0..20), any::<u64>(), vec(sample(), 0..20)), 0..4)
    ) {
        let parts: Vec<_> =
            parts.into_iter().map(|(at, video, then, audio)| (at, video, then, as_sound(audio))).collect();
        let mut file = Vec::new();
        for (video_time, video, audio_time, audio) in &parts {
            let fragment = Fragment {
                sequence: 1, events: &[], video_time: *video_time, video, audio_time: *audio_time, audio,
            };
            file.extend_from_slice(&fragment.encode().expect("small"));
        }
        let read: Vec<_> = fragments(&file).collect::<Result<_, _>>().expect("ours");
        prop_assert_eq!(read.len(), parts.len());
        for (runs, (video_time, video, audio_time, audio)) in read.iter().zip(&parts) {
            let expected = [(VIDEO_TRACK, *video_time, video), (AUDIO_TRACK, *audio_time, audio)];
            let expected: Vec<_> = expected.into_iter().filter(|(_, _, samples)| !samples.is_empty()).collect();
            prop_assert_eq!(runs.len(), expected.len());
            for (run, (track, time, samples)) in runs.iter().zip(expected) {
                prop_assert_eq!((run.track, run.time), (track, time));
                let own: Vec<Sample> = run.samples.iter().map(|view| Sample {
                    duration: view.duration,
                    composition: view.composition,
                    keyframe: view.keyframe,
                    data: Bytes::copy_from_slice(view.data),
                }).collect();
                prop_assert_eq!(&own, samples);
            }
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_refused_or_within_its_bytes(
        video in vec(sample(), 1..8), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let fragment = Fragment {
            sequence: 1, events: &[], video_time: 0, video: &video, audio_time: 0, audio: &[],
        };
        let mut file = fragment.encode().expect("small").to_vec();
        let at = at.index(file.len());
        if cut { file.truncate(at) } else { file[at] = byte }
        let payload: usize = fragments(&file).flatten().flatten()
            .flat_map(|run| run.samples.into_iter().map(|sample| sample.data.len())).sum();
        prop_assert!(payload <= file.len());
        prop_assert!(!cut || at == 0 || fragments(&file).any(|found| found.is_err()), "{at}");
    }
}

#[test]
fn an_init_section_tells_what_its_tracks_are() {
    let tracks = Film::default().tracks();
    let init = init_segment(&tracks);
    let read = read_init(&init).expect("ours");
    let told: Vec<_> = read.iter().map(|track| (track.id, track.timescale, track.kind)).collect();
    let expected =
        [(VIDEO_TRACK, 90_000, Some(TrackKind::Video)), (AUDIO_TRACK, 48_000, Some(TrackKind::Audio))];
    assert_eq!(told, expected);
    let (video, audio) = (tracks.video.expect("pictures"), tracks.audio.expect("sound"));
    assert_eq!((read[0].config, read[1].config), (&video.record[..], &audio.config[..]));
    let sound = init_segment(&Tracks { video: None, audio: Some(audio) });
    assert_eq!(read_init(&sound).expect("ours").len(), 1);
}

#[test]
fn an_init_section_that_is_cut_is_refused() {
    let init = init_segment(&Film::default().tracks());
    for length in 0..init.len() {
        assert!(read_init(&init[..length]).is_err(), "{length}");
    }
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(read_init(b""), Err(BoxError::Missing("moov")));
    let sample = Sample { duration: 1, composition: 0, keyframe: true, data: Bytes::from_static(b"abc") };
    let video = [sample];
    let fragment =
        Fragment { sequence: 1, events: &[], video_time: 0, video: &video, audio_time: 0, audio: &[] };
    let whole = fragment.encode().expect("small");
    let header = whole.len() - 11;
    assert_eq!(fragments(&whole[..header]).next(), Some(Err(BoxError::Missing("mdat"))));
    assert_eq!(fragments(&whole[..whole.len() - 1]).next(), Some(Err(BoxError::Truncated("mdat"))));
    assert_eq!(fragments(b"").next(), None);
}

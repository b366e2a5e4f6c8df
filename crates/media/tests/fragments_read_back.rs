//! What `media::fmp4` writes is read back by an independent box reader, field by field.
//!
//! Promise: for arbitrary samples and events, every box ends where its size says, every sample is where its
//! `trun` says, and every event says what went in.

use bytes::Bytes;
use media::FragmentError;
use media::fmp4::{
    AUDIO_TRACK, Event, EventTime, Fragment, ID3_SCHEME, SERVICE_ID3_SCHEME, Sample, VIDEO_TRACK,
    init_segment,
};
use media::id3;
use mp4_atom::{Codec, Decode, Emsg, EmsgTimestamp, Ftyp, Mdat, Moof, Moov, Traf};
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

fn event() -> impl Strategy<Value = Event> {
    let time = prop_oneof![
        any::<u32>().prop_map(EventTime::AfterSegmentStart),
        any::<u64>().prop_map(EventTime::At),
    ];
    let scheme = prop_oneof![Just(ID3_SCHEME), Just(SERVICE_ID3_SCHEME)];
    (scheme, time, any::<u32>(), vec(any::<u8>(), 0..64)).prop_map(|(scheme, time, id, message)| Event {
        scheme,
        time,
        id,
        message: Bytes::from(message),
    })
}

/// What the standard makes of an event, as an independent reader sees it.
fn as_box(event: &Event) -> Emsg {
    Emsg {
        timescale: 90_000,
        presentation_time: match event.time {
            EventTime::AfterSegmentStart(delta) => EmsgTimestamp::Relative(delta),
            EventTime::At(time) => EmsgTimestamp::Absolute(time),
        },
        event_duration: u32::MAX,
        id: event.id,
        scheme_id_uri: event.scheme.to_str().expect("a URI is ASCII").to_owned(),
        value: String::new(),
        message_data: event.message.to_vec(),
    }
}

/// Checks one track against what went in and returns where its payload ends.
fn check(traf: &Traf, whole: &[u8], track: u32, time: u64, samples: &[Sample]) {
    assert_eq!(traf.tfhd.track_id, track);
    assert!(traf.tfhd.default_base_is_moof);
    assert_eq!(traf.tfdt.as_ref().map(|tfdt| tfdt.base_media_decode_time), Some(time));
    let [trun] = &traf.trun[..] else { panic!("one run for each track") };
    let mut at = usize::try_from(trun.data_offset.expect("an offset")).expect("positive");
    assert_eq!(trun.samples.len(), samples.len());
    for (entry, sample) in trun.samples.iter().zip(samples) {
        let size = usize::try_from(entry.size.expect("a size")).expect("small");
        assert_eq!(&whole[at..at + size], &sample.data[..]);
        assert_eq!(entry.duration, Some(sample.duration));
        at += size;
        if track == VIDEO_TRACK {
            assert_eq!(entry.cts, Some(i64::from(sample.composition)));
            let is_sync = entry.flags.expect("flags") & 0x1_0000 == 0;
            assert_eq!(is_sync, sample.keyframe);
        }
    }
}

/// A size of four times seven bits.
fn synchsafe(bytes: [u8; 4]) -> usize {
    assert!(bytes.iter().all(|byte| byte & 0x80 == 0), "{bytes:?}");
    bytes.iter().fold(0, |size, byte| size << 7 | usize::from(*byte))
}

proptest! {
    #[test]
    fn a_tag_reads_back_as_its_owner_and_data(
        owner in "[ -~]{0,300}",
        data in vec(any::<u8>(), 0..40_000),
    ) {
        let name = std::ffi::CString::new(owner.clone()).expect("no zero among printable characters");
        let tag = id3::private_tag(&name, &data).expect("small enough");
        let ([b'I', b'D', b'3', 4, 0, 0, size @ ..], rest) = tag.split_first_chunk::<10>().expect("a header")
        else { panic!("not a tag of version 2.4.0: {tag:?}") };
        prop_assert_eq!(synchsafe(*size), rest.len());
        let (frame, body) = rest.split_first_chunk::<10>().expect("a frame");
        let [b'P', b'R', b'I', b'V', size @ .., 0, 0] = frame else { panic!("not a private frame: {frame:?}") };
        prop_assert_eq!(synchsafe(*size), body.len());
        let (read, rest) = body.split_at(owner.len());
        prop_assert_eq!(read, owner.as_bytes());
        prop_assert_eq!(rest.split_first(), Some((&0, &data[..])));
    }

    #[test]
    fn every_sample_is_where_its_run_says(
        sequence in any::<u32>(),
        events in vec(event(), 0..4),
        video_time in any::<u64>(),
        audio_time in any::<u64>(),
        video in vec(sample(), 0..12),
        audio in vec(sample(), 0..12),
    ) {
        let fragment = Fragment {
            sequence, events: &events, video_time, video: &video, audio_time, audio: &audio,
        };
        let encoded = fragment.encode().expect("a small fragment");
        let mut rest = &encoded[..];
        for event in &events {
            prop_assert_eq!(Emsg::decode(&mut rest).expect("events first"), as_box(event));
        }
        let whole = rest;
        let moof = Moof::decode(&mut rest).expect("then a moof");
        let mdat = Mdat::decode(&mut rest).expect("then an mdat");
        prop_assert!(rest.is_empty(), "and nothing else");
        prop_assert_eq!(moof.mfhd.sequence_number, sequence);
        let payload: usize = video.iter().chain(&audio).map(|sample| sample.data.len()).sum();
        prop_assert_eq!(mdat.data.len(), payload);
        let mut trafs = moof.traf.iter();
        if !video.is_empty() {
            check(trafs.next().expect("video first"), whole, VIDEO_TRACK, video_time, &video);
        }
        if !audio.is_empty() {
            check(trafs.next().expect("then audio"), whole, AUDIO_TRACK, audio_time, &audio);
        }
        prop_assert!(trafs.next().is_none(), "a track without samples has no traf");
    }
}

#[test]
fn the_init_segment_tells_both_tracks() {
    let film = Film { sample_rate: 44_100, b_frames: 2, ..Film::default() };
    let tracks = film.tracks();
    let init = init_segment(&tracks);
    let mut rest = &init[..];
    let ftyp = Ftyp::decode(&mut rest).expect("an ftyp first");
    assert_eq!(ftyp.major_brand, b"iso6".into());
    let moov = Moov::decode(&mut rest).expect("then a moov");
    assert!(rest.is_empty());
    let [video, audio] = &moov.trak[..] else { panic!("two tracks") };
    assert_eq!((video.tkhd.track_id, video.mdia.mdhd.timescale), (VIDEO_TRACK, 90_000));
    assert_eq!((audio.tkhd.track_id, audio.mdia.mdhd.timescale), (AUDIO_TRACK, 44_100));
    let extends = moov.mvex.expect("fragments follow").trex;
    assert_eq!(extends.iter().map(|trex| trex.track_id).collect::<Vec<_>>(), [VIDEO_TRACK, AUDIO_TRACK]);
    let [Codec::Avc1(avc1)] = &video.mdia.minf.stbl.stsd.codecs[..] else { panic!("one avc1 entry") };
    assert_eq!((avc1.visual.width, avc1.visual.height), (640, 360));
    assert_eq!(avc1.avcc.avc_profile_indication, 77);
    assert_eq!(avc1.avcc.length_size, 4);
    let [Codec::Mp4a(mp4a)] = &audio.mdia.minf.stbl.stsd.codecs[..] else { panic!("one mp4a entry") };
    let config = &mp4a.esds.es_desc.dec_config;
    assert_eq!((config.object_type_indication, config.stream_type), (0x40, 5));
    let specific = config.dec_specific.as_ref().expect("an audio configuration");
    assert_eq!((specific.profile, specific.freq_index, specific.chan_conf), (2, 4, 2));
}

#[test]
fn equal_tracks_have_equal_init_segments() {
    let film = Film::default();
    assert_eq!(init_segment(&film.tracks()), init_segment(&film.tracks()));
    let silent = Film { sound: false, ..film.clone() };
    assert_ne!(init_segment(&film.tracks()), init_segment(&silent.tracks()));
}

#[test]
fn a_fragment_that_no_offset_reaches_is_refused() {
    let data = Bytes::from(vec![0; 1 << 20]);
    let sample = Sample { duration: 1, composition: 0, keyframe: true, data };
    let many = vec![sample; 2_048];
    let fragment =
        Fragment { sequence: 1, events: &[], video_time: 0, video: &many, audio_time: 0, audio: &[] };
    assert_eq!(fragment.encode(), Err(FragmentError::TooLarge { samples: 2_048 }));
}

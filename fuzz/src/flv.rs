//! Tag bodies, configuration records and audio configurations of any bytes.
//!
//! Promise checked: nothing panics, what is accepted is within its bounds, and nothing that comes out is
//! larger than what went in.

use bytes::Bytes;
use media::flv::{AudioTag, VideoTag, parse_audio, parse_video};
use media::fmp4::init_segment;
use media::{AacParams, AvcParams, Tracks, aac, avc};

/// Reads `data` as each of the things that a publisher may send.
pub fn run(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    match parse_video(&body) {
        Ok(VideoTag::Header(params)) => check_video(&params, &body),
        Ok(VideoTag::Picture { keyframe, data, .. }) => check_picture(&data, keyframe),
        Ok(VideoTag::End | VideoTag::Ignored) | Err(_) => {}
    }
    match parse_audio(&body) {
        Ok(AudioTag::Header(params)) => check_audio(&params),
        Ok(AudioTag::Frame(frame)) => assert!(frame.len() < body.len()),
        Ok(AudioTag::Ignored) | Err(_) => {}
    }
    if let Ok(params) = avc::parse_record(&body) {
        check_video(&params, &body);
    }
    if let Ok(params) = aac::parse_config(&body) {
        check_audio(&params);
    }
    check_picture(&body, true);
}

fn check_video(params: &AvcParams, input: &Bytes) {
    assert!(params.record.len() <= input.len());
    assert!((1..=16_384).contains(&params.width) && (1..=16_384).contains(&params.height));
    assert!(matches!(params.length_size, 1 | 2 | 4));
    assert!(params.frame_rate.is_none_or(f64::is_finite));
    let (across, down) = params.pixel_aspect;
    assert!(across > 0 && down > 0 && across <= down * 8 && down <= across * 8);
    assert_eq!(avc::parse_record(&params.record).as_ref(), Ok(params), "a record reads back as itself");
    if let Some(refreshed) = params.refreshed(input) {
        assert_eq!(avc::parse_record(&refreshed.record), Ok(refreshed));
    }
    assert_eq!(params.codec().len(), "avc1.000000".len());
    init_segment(&Tracks { video: Some(params.clone()), audio: None });
}

fn check_audio(params: &AacParams) {
    assert!((7_350..=96_000).contains(&params.sample_rate));
    assert!((1..=24).contains(&params.channels));
    assert!(params.config.len() <= 64);
    init_segment(&Tracks { video: None, audio: Some(params.clone()) });
}

fn check_picture(picture: &Bytes, claimed: bool) {
    for length_size in [1, 2, 4] {
        let units: usize = avc::nals(picture, length_size).map(<[u8]>::len).sum();
        assert!(units <= picture.len());
        let starts = avc::starts_decoding(picture, length_size, claimed);
        assert!(!starts || units > 0);
    }
}

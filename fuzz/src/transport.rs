//! Transport streams of any bytes, and what is in their units.
//!
//! Promise checked: the same comes out however the bytes are cut; no more comes out than went in, nothing is left
//! behind at the end, and what is read of a unit is within it.

use bytes::Bytes;
use media::Tracks;
use media::avc::{self, AccessUnit, annex_b_nals};
use media::ts::{AdtsFrames, Damage, Demuxer, LARGEST_UNIT, Muxer, Part, Unit, UnitKind};

/// Reads `data` as it is, and behind tables that announce its pictures and sound: their checksums are hard to guess.
pub fn run(data: &[u8]) {
    check_stream(data);
    check_stream(&[&tables()[..], data].concat());
    check_unit(&Bytes::copy_from_slice(data));
}

fn check_stream(data: &[u8]) {
    let (units, damage) = read(data, data.len());
    assert_eq!((&units, damage), (&read(data, 1).0, read(data, 1).1), "byte by byte");
    assert_eq!((&units, damage), (&read(data, 189).0, read(data, 189).1), "in odd pieces");
    let told: usize = units.iter().map(|unit| unit.data.len()).sum();
    assert!(told <= data.len());
    for unit in units {
        assert!(unit.pts.is_none() == unit.dts.is_none());
        match unit.kind {
            UnitKind::Video | UnitKind::Audio => check_unit(&unit.data),
            UnitKind::Data(_) => {}
        }
    }
}

fn read(data: &[u8], piece: usize) -> (Vec<Unit>, Damage) {
    let (mut demuxer, mut units) = (Demuxer::new(), Vec::new());
    for piece in data.chunks(piece.max(1)) {
        demuxer.push(piece);
        assert!(demuxer.held() <= LARGEST_UNIT + 400);
        units.extend(std::iter::from_fn(|| demuxer.next()));
    }
    demuxer.end();
    units.extend(std::iter::from_fn(|| demuxer.next()));
    assert_eq!(demuxer.held(), 0);
    (units, demuxer.damage())
}

fn check_unit(unit: &Bytes) {
    let nals: usize = annex_b_nals(unit).map(<[u8]>::len).sum();
    let access_unit = AccessUnit::from_annex_b(unit);
    let kept: Vec<&[u8]> = avc::nals(&access_unit.picture, 4).collect();
    assert!(kept.iter().map(|nal| nal.len()).sum::<usize>() <= nals);
    if let Some(params) = access_unit.params(None) {
        assert_eq!(avc::parse_record(&params.record).as_ref(), Ok(&params));
        assert_eq!(access_unit.params(Some(&params)), None, "the same sets are no news");
    }
    let captions: Vec<_> = avc::caption_units(&access_unit.picture, 4).collect();
    let again = avc::with_units(&access_unit.picture, 4, &captions);
    let expected = if again == access_unit.picture { captions.len() } else { captions.len() * 2 };
    assert_eq!(avc::caption_units(&again, 4).count(), expected);

    let frames: usize = AdtsFrames::new(unit.clone()).map(|frame| frame.data.len()).sum();
    assert!(frames <= unit.len());
}

/// Those of our own muxer, for pictures and sound that need no more than a name here.
fn tables() -> Bytes {
    let video = avc::encode_record(&[SPS], &[PPS], 4).expect("a picture's parameters");
    let audio = media::aac::parse_config(&Bytes::from_static(&[0x11, 0x90])).expect("a usual form of sound");
    let part = Part { tags: &[], video_time: 0, video: &[], audio_time: 0, audio: &[] };
    Muxer::new(&Tracks { video: Some(video), audio: Some(audio) }).part(&part)
}

/// Of a picture of 16 by 16 pixels, baseline.
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x0a, 0xda, 0x79];
const PPS: &[u8] = &[0x68, 0xce, 0x38, 0x80];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_announce_pictures_and_sound() {
        let mut demuxer = Demuxer::new();
        demuxer.push(&tables());
        assert_eq!((demuxer.damage(), demuxer.held()), (Damage::default(), 0));
        let video = avc::encode_record(&[SPS], &[PPS], 4).expect("a picture's parameters");
        assert_eq!((video.width, video.height), (16, 16));
    }
}

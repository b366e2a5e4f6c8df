//! Fragments of any samples.
//!
//! Promise checked: the boxes' sizes add up to the whole at each level, the payload follows the headers sample by
//! sample, and the reader finds it there; of any bytes it reads no more than there are.

use bytes::{Buf, Bytes};
use media::fmp4::{Fragment, Sample, fragments, init_segment, read_init};
use media::{AacParams, AvcParams, Tracks};

/// Reads `data` as a list of samples, writes them, and walks the boxes of what was written.
pub fn run(data: &[u8]) {
    let mut input = Bytes::copy_from_slice(data);
    check_reader(data);
    check_init(&input);
    let (Ok(sequence), Ok(video_time), Ok(audio_time)) =
        (input.try_get_u32(), input.try_get_u64(), input.try_get_u64())
    else {
        return;
    };
    let (mut video, mut audio) = (Vec::new(), Vec::new());
    while let Some((is_video, sample)) = take_sample(&mut input) {
        if is_video { &mut video } else { &mut audio }.push(sample);
    }
    let fragment = Fragment { sequence, events: &[], video_time, video: &video, audio_time, audio: &audio };
    let whole = fragment.encode().expect("far below 2 GiB");
    let payload: Vec<u8> = video.iter().chain(&audio).flat_map(|sample| sample.data.clone()).collect();
    let boxes = walk(&whole);
    let kinds: Vec<_> = boxes.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [*b"moof", *b"mdat"]);
    assert_eq!(boxes[1].1, payload);
    let runs: Vec<_> = fragments(&whole).collect::<Result<Vec<_>, _>>().expect("ours").concat();
    let samples = runs.iter().flat_map(|run| &run.samples);
    assert_eq!(samples.flat_map(|sample| sample.data).copied().collect::<Vec<u8>>(), payload);
    let trafs = walk(boxes[0].1).iter().filter(|(kind, _)| kind == b"traf").count();
    assert_eq!(trafs, usize::from(!video.is_empty()) + usize::from(!audio.is_empty()));
}

/// Samples lie within the bytes.
fn check_reader(data: &[u8]) {
    let within = data.as_ptr_range();
    for sample in fragments(data).flatten().flatten().flat_map(|run| run.samples) {
        let range = sample.data.as_ptr_range();
        assert!(range.start >= within.start && range.end <= within.end);
    }
    for track in read_init(data).into_iter().flatten() {
        assert!(track.timescale > 0 && track.config.len() <= data.len());
    }
}

/// Thirteen bytes of header and up to 255 of payload.
fn take_sample(input: &mut Bytes) -> Option<(bool, Sample)> {
    let flags = input.try_get_u8().ok()?;
    let duration = input.try_get_u32().ok()?;
    let composition = input.try_get_i32().ok()?;
    let length = usize::from(input.try_get_u8().ok()?).min(input.len());
    let data = input.split_to(length);
    Some((flags & 1 == 1, Sample { duration, composition, keyframe: flags & 2 == 2, data }))
}

/// Parameters need not make sense for their boxes to fit.
fn check_init(input: &Bytes) {
    let number = input.iter().fold(0u32, |number, byte| number.rotate_left(5) ^ u32::from(*byte));
    let video = AvcParams {
        record: input.clone(),
        profile: 0,
        constraints: 0,
        level: 0,
        length_size: 4,
        width: number,
        height: !number,
        pixel_aspect: (number, !number),
        frame_rate: None,
    };
    let audio = AacParams { config: input.clone(), object_type: 2, sample_rate: number, channels: 2 };
    let whole = init_segment(&Tracks { video: Some(video), audio: Some(audio) });
    let kinds: Vec<_> = walk(&whole).iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [*b"ftyp", *b"moov"]);
    // A rate of nought is no timescale.
    assert_eq!(read_init(&whole).is_ok_and(|tracks| tracks.len() == 2), number != 0);
}

/// Boxes that only hold boxes.
const FOLDERS: [[u8; 4]; 8] =
    [*b"moov", *b"trak", *b"mdia", *b"minf", *b"stbl", *b"mvex", *b"moof", *b"traf"];

/// The boxes that `bytes` is made of, each with its body; those inside folders are walked as well.
fn walk(mut bytes: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut boxes = Vec::new();
    while !bytes.is_empty() {
        let (size, rest) = bytes.split_first_chunk::<4>().expect("a box has a size");
        let (kind, _) = rest.split_first_chunk::<4>().expect("and a kind");
        let size = usize::try_from(u32::from_be_bytes(*size)).expect("32 bits");
        let (whole, after) = bytes.split_at_checked(size).expect("it ends within its parent");
        let body = whole.get(8..).expect("it is no shorter than its header");
        if FOLDERS.contains(kind) {
            walk(body);
        }
        boxes.push((*kind, body));
        bytes = after;
    }
    boxes
}

//! What arrives does not depend on how it was cut on its way.
//!
//! Promise: the same bytes whole, one by one and in random pieces give the same events; garbage gives an
//! error or nothing, in bounded memory.

use crate::script::{
    Extended, KEY, Script, Seen, audio_header, picture, play_in_pieces, sound, video_header,
};
use media::amf0::Value;
use proptest::prelude::*;

/// A stream with something of everything.
fn stream(extended: Extended, start: u32, chunk_size: u32) -> Vec<u8> {
    let script = Script::new().connect("app").command("FCPublish", 3.0, &[Value::string(KEY)]);
    let script = script.command("createStream", 4.0, &[]).publish(KEY).metadata(true);
    let script = script.extended(extended).set_chunk_size(chunk_size);
    let script = script.video(start, &video_header()).audio(start, &audio_header());
    let script = (0..6).fold(script, |script, n| {
        let time = start.wrapping_add(n * 40);
        script.video(time, &picture(usize::from(n > 0))).audio(time, &sound())
    });
    script.message(0, 2, 0, 2, &[0, 0, 0, 6]).command("deleteStream", 7.0, &[Value::Number(1.0)]).bytes
}

fn same(one: &Seen, other: &Seen) -> bool {
    let of = |seen: &Seen| {
        (seen.video.clone(), seen.audio.clone(), seen.frames.clone(), seen.tracks.clone(), seen.finished)
    };
    of(one) == of(other)
        && (&one.error, &one.refused, &one.requests, one.metadata, one.held)
            == (&other.error, &other.refused, &other.requests, other.metadata, other.held)
}

#[test]
fn a_stream_byte_by_byte_is_the_same_stream() {
    for extended in [Extended::Repeated, Extended::LeftOut] {
        for start in [0, 0xff_fff0, 0x0101_0101, 0xffff_fff0] {
            let bytes = stream(extended, start, 100);
            let whole = play_in_pieces(&bytes, []);
            assert!(whole.finished && whole.frames.len() == 12, "{start:#x}: {:?}", whole.error);
            assert!(same(&whole, &play_in_pieces(&bytes, std::iter::repeat(1))), "{start:#x}");
        }
    }
}

proptest! {
    #[test]
    fn a_stream_in_random_pieces_is_the_same_stream(
        left_out in any::<bool>(),
        start in prop_oneof![Just(0u32), Just(0x0100_0000), any::<u32>()],
        chunk_size in 1u32..5_000,
        pieces in prop::collection::vec(1usize..700, 1..60),
    ) {
        let bytes = stream(if left_out { Extended::LeftOut } else { Extended::Repeated }, start, chunk_size);
        let whole = play_in_pieces(&bytes, []);
        prop_assert!(same(&whole, &play_in_pieces(&bytes, pieces.into_iter().cycle())));
    }

    #[test]
    fn a_damaged_stream_is_the_same_in_pieces_and_stays_bounded(
        damage in prop::collection::vec((0usize..6_000, any::<u8>()), 1..8),
        cut in 3_000usize..6_000,
        pieces in prop::collection::vec(1usize..300, 1..40),
    ) {
        let mut bytes = stream(Extended::Repeated, 0x0100_0000, 128);
        // Behind the handshake, where damage matters.
        for (at, value) in damage {
            let at = 3_073 + at % (bytes.len() - 3_073);
            bytes[at] = value;
        }
        bytes.truncate(cut.max(3_080));
        let whole = play_in_pieces(&bytes, []);
        let split = play_in_pieces(&bytes, pieces.into_iter().cycle());
        prop_assert!(same(&whole, &split), "{:?} {:?}", whole.error, split.error);
        prop_assert!(whole.held <= 8 << 20);
    }

    #[test]
    fn garbage_behind_a_handshake_never_panics(garbage in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let bytes = Script::new().raw(&garbage).bytes;
        let whole = play_in_pieces(&bytes, []);
        prop_assert!(whole.held <= 512 << 10);
        prop_assert!(whole.frames.is_empty());
    }
}

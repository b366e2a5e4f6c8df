//! A WebSocket client's bytes of any kind, cut anyhow.
//!
//! The first byte of an input says how long the pieces are that the rest comes in.
//!
//! Promise checked: nothing panics, what is heard does not depend on the cuts, what is kept is bounded, and a
//! text is no longer than the limit.

use fanout::codec::{self, Flow, Heard, Unfinished, Violation};

const LIMIT: usize = 300;

/// Reads `data` whole and in pieces, and compares.
pub fn run(data: &[u8]) {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = hear(bytes, bytes.len().max(1));
    assert_eq!(whole, hear(bytes, usize::from(*size).max(1)));
    assert_eq!(whole, hear(bytes, 1));
}

/// All that is heard, as text, up to a close frame, and the violation behind it.
fn hear(bytes: &[u8], size: usize) -> (Vec<String>, Option<Violation>) {
    let mut unfinished = Unfinished::default();
    let mut said = Vec::new();
    for piece in bytes.chunks(size) {
        let mut closed = false;
        let result = codec::read(&mut unfinished, &mut piece.to_vec(), LIMIT, |heard| {
            if let Heard::Text(text) = heard {
                assert!(text.len() <= LIMIT);
            }
            closed = matches!(heard, Heard::Close(_));
            said.push(format!("{heard:?}"));
            Flow::On
        });
        assert!(unfinished.len() <= 2 * LIMIT + 14);
        if let Err(violation) = result {
            return (said, Some(violation));
        }
        if closed {
            break;
        }
    }
    (said, None)
}

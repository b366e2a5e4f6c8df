//! Journals of tapes, of any bytes.
//!
//! Promise checked: whatever is read, the same comes out again of the good part alone, and what is behind that changes
//! nothing. Lines get right checksums, too, so that what they say is looked at.

use recording::tape::Replay;

/// A journal without its checksums: a header, a stream, and what is usual behind them.
const USUAL: &str = include_str!("../corpus/journal/usual");

/// Reads `data` as it is; as lines whose checksums are right; and as such lines behind a good beginning.
pub fn run(data: &[u8]) {
    check(data);
    let sealed = sealed(data);
    check(&sealed);
    let beginning: Vec<&str> = USUAL.lines().take(2).collect();
    check(&[self::sealed(beginning.join("\n").as_bytes()), sealed].concat());
}

fn sealed(lines: &[u8]) -> Vec<u8> {
    let seal = |line: &[u8]| [format!("{:08x} ", crc32fast::hash(line)).as_bytes(), line, b"\n"].concat();
    lines.split(|byte| *byte == b'\n').flat_map(seal).collect()
}

fn check(journal: &[u8]) {
    let replay = read(journal);
    let good = usize::try_from(replay.good_bytes).ok().and_then(|good| journal.get(..good));
    let good = good.expect("no more is good than there is");
    let again = read(good);
    assert_eq!(again.good_bytes, replay.good_bytes);
    assert_eq!(again.sums(), replay.sums());
    assert_eq!(
        (again.broken_lines, &again.runs, &again.end),
        (replay.broken_lines, &replay.runs, &replay.end)
    );
    let torn = read(&[good, &b"00000000 {\"segment\""[..]].concat());
    assert_eq!(torn.sums(), replay.sums());
    let sums = replay.sums();
    assert!(sums.duration.count() >= 0);
    assert_eq!(sums.streams, replay.runs.len());
    assert!(sums.segments == 0 || sums.streams > 0);
}

fn read(journal: &[u8]) -> Replay {
    Replay::read(journal).expect("bytes in memory can be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_journal_is_read_to_its_end() {
        let replay = read(&sealed(USUAL.trim_end().as_bytes()));
        assert_eq!((replay.broken_lines, replay.runs.len()), (0, 2));
        assert_eq!(replay.sums().segments, 8);
        assert!(replay.end.is_some());
    }
}

//! The spool's queue on a real disk: crashes, torn files, its bound.
//!
//! Promise: a crash is what a killed process leaves: the files as they are, nothing of what was in memory.

use std::fs;

use bus::FrameKind;
use domain::Arn;
use proptest::prelude::*;

use super::*;
use crate::log::Record;

fn text(number: u64) -> Vec<u8> {
    let record = Record {
        room: Arn::parse("arn:aws:ivschat:us-east-1:123456789012:room/AbCdEfGhIjKl").unwrap(),
        kind: FrameKind::Message,
        at: i64::try_from(number).unwrap() * 1_000_000,
        payload: format!("{{\"n\":{number}}}").into(),
    };
    let mut line = Vec::new();
    line::write(&record, &mut line);
    line
}

fn open(folder: &Path) -> Spool {
    Spool::open(folder.to_owned(), 1).unwrap()
}

/// Up to `most` of the numbers that wait, and where they end.
fn read(spool: &Spool, most: usize) -> (Vec<i64>, Place) {
    let mut reader = spool.reader();
    let (mut numbers, mut end) = (Vec::new(), reader.place());
    while numbers.len() < most {
        let Some((line, place)) = reader.next().unwrap() else { break };
        numbers.push(line.at_ms);
        end = place;
    }
    (numbers, end)
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    found(folder).unwrap().iter().map(|segment| path(folder, segment.number)).collect()
}

#[test]
fn what_was_taken_is_gone_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&[text(1), text(2)].concat()).unwrap();
    let (numbers, end) = read(&spool, 9);
    assert_eq!(numbers, [1, 2]);
    spool.acknowledge(end).unwrap();
    assert_eq!((spool.waiting(), spool.bytes(), segments(folder.path()).len()), (0, 0, 0));
    spool.append(&text(3)).unwrap();
    assert_eq!(read(&spool, 9).0, [3]);
}

#[test]
fn a_torn_end_is_cut_and_a_damaged_line_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&[text(1), text(2), text(3), text(4)].concat()).unwrap();
    drop(spool);
    let path = segments(folder.path()).remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes[text(1).len() + 12] ^= 1;
    bytes.truncate(bytes.len() - 5);
    fs::write(&path, &bytes).unwrap();
    let mut spool = open(folder.path());
    spool.append(&text(5)).unwrap();
    let mut reader = spool.reader();
    let mut numbers = Vec::new();
    while let Some((line, _)) = reader.next().unwrap() {
        numbers.push(line.at_ms);
    }
    assert_eq!((numbers, reader.damaged()), (vec![1, 3, 5], 1));
}

#[test]
fn lines_that_a_power_cut_took_do_not_hide_later_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&[text(1), text(2), text(3)].concat()).unwrap();
    let (_, end) = read(&spool, 2);
    spool.acknowledge(end).unwrap();
    drop(spool);
    // The cursor reached the disk, the lines did not.
    for left in [text(1).len(), 0] {
        let path = segments(folder.path()).remove(0);
        fs::write(&path, &fs::read(&path).unwrap()[..left]).unwrap();
        let mut spool = open(folder.path());
        spool.append(&text(4)).unwrap();
        assert!(read(&spool, 9).0.contains(&4));
    }
    segments(folder.path()).iter().for_each(|path| fs::remove_file(path).unwrap());
    let mut spool = open(folder.path());
    spool.append(&text(5)).unwrap();
    assert_eq!(read(&spool, 9).0, [5]);
}

#[test]
fn a_lost_cursor_repeats_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.append(&[text(1), text(2)].concat()).unwrap();
    let (_, end) = read(&spool, 1);
    spool.acknowledge(end).unwrap();
    drop(spool);
    fs::write(folder.path().join(CURSOR), "nonsense").unwrap();
    assert_eq!(read(&open(folder.path()), 9).0, [1, 2]);
}

#[test]
fn segments_end_at_their_size_and_the_oldest_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let size = usize::try_from(SEGMENT).unwrap();
    let each = text(1_000).len();
    let count = u64::try_from(size / each * 2).unwrap();
    let lines: Vec<u8> = (1_000..1_000 + count).flat_map(text).collect();
    spool.append(&lines).unwrap();
    let files = segments(folder.path());
    assert!(files.len() >= 2);
    assert!(files.iter().all(|path| fs::metadata(path).unwrap().len() <= SEGMENT));
    assert_eq!(spool.bytes(), lines.len() as u64);
    let (_, end) = read(&spool, 10);
    spool.acknowledge(end).unwrap();
    let all = read(&spool, usize::MAX).0;
    let lost = usize::try_from(spool.drop_oldest().unwrap()).unwrap();
    let left = read(&spool, usize::MAX).0;
    assert_eq!(lost + left.len(), all.len());
    assert_eq!(all[lost..], left[..]);
    while spool.bytes() > 0 {
        spool.drop_oldest().unwrap();
    }
    assert_eq!(segments(folder.path()).len(), 0);
    spool.append(&text(7)).unwrap();
    assert_eq!(read(&spool, 9).0, [7]);
}

#[test]
fn what_the_disk_refuses_is_written_when_it_takes_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("queue");
    fs::create_dir(&inner).unwrap();
    let mut spool = open(&inner);
    fs::remove_dir(&inner).unwrap();
    let refused = spool.append(&[text(1), text(2)].concat()).unwrap_err();
    assert_eq!(refused.lost, 0);
    assert!(spool.lags());
    let many: Vec<u8> = (3..100_000).flat_map(text).collect();
    let refused = spool.append(&many).unwrap_err();
    assert_eq!(refused.lost, 99_997, "more than there is room for is given up, whole");
    fs::create_dir(&inner).unwrap();
    spool.append(&text(100_000)).unwrap();
    assert_eq!(read(&spool, 9).0, [1, 2, 100_000]);
}

#[derive(Clone, Debug)]
enum Act {
    Append(u8),
    /// Reads so many and acknowledges them.
    Take(u8),
    /// Reads so many and dies before the acknowledgement.
    TakeAndDie(u8),
    Die,
    /// Dies while a line is written, after so many of its bytes.
    DieWriting(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..40_u8).prop_map(Act::Append),
        (0..60_u8).prop_map(Act::Take),
        (0..60_u8).prop_map(Act::TakeAndDie),
        Just(Act::Die),
        any::<u8>().prop_map(Act::DieWriting),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whenever_it_dies_all_is_delivered_in_order(acts in prop::collection::vec(act(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        let (mut last, mut delivered) = (0, Vec::new());
        for act in acts {
            match act {
                Act::Append(count) => {
                    let lines: Vec<u8> = (last + 1..=last + u64::from(count)).flat_map(text).collect();
                    last += u64::from(count);
                    spool.append(&lines).unwrap();
                }
                Act::Take(count) | Act::TakeAndDie(count) => {
                    let (numbers, end) = read(&spool, usize::from(count));
                    delivered.extend(numbers);
                    if matches!(act, Act::Take(_)) {
                        spool.acknowledge(end).unwrap();
                    } else {
                        spool = open(folder.path());
                    }
                }
                Act::Die => spool = open(folder.path()),
                Act::DieWriting(bytes) => {
                    spool.append(&text(last + 1)).unwrap();
                    let line = text(last + 1).len();
                    let torn = usize::from(bytes) % line;
                    let path = segments(folder.path()).pop().unwrap();
                    let whole = fs::metadata(&path).unwrap().len();
                    let file = OpenOptions::new().write(true).open(&path).unwrap();
                    file.set_len(whole - (line - torn) as u64).unwrap();
                    spool = open(folder.path());
                }
            }
        }
        let (numbers, _) = read(&spool, usize::MAX);
        delivered.extend(numbers);
        // Repetitions begin again at something earlier; the first time of each is in order, without a gap.
        let mut seen = 0;
        for number in delivered {
            prop_assert!(number <= seen + 1, "{number} after {seen}");
            seen = seen.max(number);
        }
        prop_assert_eq!(seen, i64::try_from(last).unwrap());
    }
}

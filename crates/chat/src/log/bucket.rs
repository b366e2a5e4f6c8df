//! The layout of logs in a bucket (user guide, "IVS Chat Logging").
//!
//! ```text
//! AWSLogs/<account>/IVSChatLogs/1.0/<region>/room_<id>/2022/10/14/17/
//!     <account>_IVSChatLogs_1.0_<region>_room_<id>_20221014T1740Z_1766dcbc.log.gz
//! ```
//!
//! Promise: a file holds records of one room and one window of time, and a window lies in one hour (UTC); the
//! same part of a queue gets the same name whenever it is delivered, so that delivering it again leaves one file.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use domain::Arn;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::line::{Line, moment};
use super::spool::Place;

const HOUR_MS: i64 = 3_600_000;

/// A file that is ready to be put.
#[derive(Clone, Debug)]
pub(super) struct BucketFile {
    pub(super) key: String,
    pub(super) bytes: Bytes,
    pub(super) records: u64,
}

/// Which window a time is in: its first millisecond. Windows are counted from the full hour.
pub(super) fn window(at_ms: i64, length: Duration) -> i64 {
    let length = i64::try_from(length.as_millis()).unwrap_or(HOUR_MS).clamp(1, HOUR_MS);
    let hour = at_ms.div_euclid(HOUR_MS) * HOUR_MS;
    hour + (at_ms - hour) / length * length
}

/// The first millisecond after a window.
pub(super) fn window_end(start: i64, length: Duration) -> i64 {
    let length = i64::try_from(length.as_millis()).unwrap_or(HOUR_MS).clamp(1, HOUR_MS);
    let hour = start.div_euclid(HOUR_MS) * HOUR_MS;
    (start + length).min(hour + HOUR_MS)
}

/// The files of one part of a queue, which begins at `from`.
pub(super) struct Files<'a> {
    node: &'a str,
    configuration: &'a Arn,
    from: Place,
    window: Duration,
    /// Lines by room and window. Compressed one after the other: a compressor takes hundreds of KiB.
    open: HashMap<(Arn, i64), Vec<Bytes>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(node: &'a str, configuration: &'a Arn, from: Place, window: Duration) -> Self {
        Self { node, configuration, from, window, open: HashMap::new() }
    }

    pub(super) fn put(&mut self, line: Line) {
        let window = window(line.at_ms, self.window);
        self.open.entry((line.room, window)).or_default().push(line.text);
    }

    /// All files, those of one room in the order of their windows.
    pub(super) fn finish(mut self) -> io::Result<Vec<BucketFile>> {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut files = Vec::with_capacity(open.len());
        for ((room, start), lines) in open {
            let (key, records) = (self.key(&room, start), lines.len() as u64);
            files.push(BucketFile { key, bytes: compress(lines)?, records });
        }
        Ok(files)
    }

    fn key(&self, room: &Arn, start: i64) -> String {
        let Arn { account, region, id, .. } = room;
        let at = moment(start);
        let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
        let (hour, minute) = (at.hour(), at.minute());
        let hash = self.hash(start);
        format!(
            "AWSLogs/{account}/IVSChatLogs/1.0/{region}/room_{id}/{year:04}/{month:02}/{day:02}/{hour:02}/\
             {account}_IVSChatLogs_1.0_{region}_room_{id}_\
             {year:04}{month:02}{day:02}T{hour:02}{minute:02}Z_{hash}.log.gz"
        )
    }

    /// The window counts as several of them may begin in one minute.
    fn hash(&self, start: i64) -> String {
        let Place { segment, offset } = self.from;
        let text = format!("{} {} {segment} {offset} {start}", self.node, self.configuration);
        let hash = digest(&SHA256, text.as_bytes());
        hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn compress(lines: Vec<Bytes>) -> io::Result<Bytes> {
    let mut text = GzEncoder::new(Vec::new(), Compression::default());
    for line in lines {
        text.write_all(&line)?;
        text.write_all(b"\n")?;
    }
    Ok(text.finish()?.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::*;

    use super::*;

    const ROOM: &str = "arn:aws:ivschat:us-west-2:123456789012:room/AbCdEfGhIjKl";

    fn arn(text: &str) -> Arn {
        Arn::parse(text).unwrap()
    }

    fn files(from: Place, window: u64, times: &[i64]) -> Vec<BucketFile> {
        let configuration = arn("arn:aws:ivschat:us-west-2:123456789012:logging-configuration/LoLoLoLoLoLo");
        let mut files = Files::new("node", &configuration, from, Duration::from_secs(window));
        for at in times {
            let text = Bytes::from(format!("{{\"at\":{at}}}"));
            files.put(Line { room: arn(ROOM), at_ms: *at, text });
        }
        files.finish().unwrap()
    }

    #[test]
    fn names_are_the_vendors() {
        // 2022-10-14T17:43:21Z
        let [file] = &files(Place::default(), 300, &[1_665_769_401_000])[..] else { panic!("one file") };
        let (head, hash) = file.key.strip_suffix(".log.gz").unwrap().rsplit_once('_').unwrap();
        let wanted = "AWSLogs/123456789012/IVSChatLogs/1.0/us-west-2/room_AbCdEfGhIjKl/2022/10/14/17/\
                      123456789012_IVSChatLogs_1.0_us-west-2_room_AbCdEfGhIjKl_20221014T1740Z";
        assert_eq!(head, wanted);
        assert!(hash.len() == 8 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert!(blob::Key::parse(&file.key).is_ok());
    }

    #[test]
    fn an_hour_is_split_where_it_ends() {
        // 17:59:59.999 and 18:00:00.000, in windows of seven minutes, which no hour is a multiple of.
        let files = files(Place::default(), 420, &[1_665_770_399_999, 1_665_770_400_000]);
        let hours: Vec<_> = files.iter().filter_map(|file| file.key.split('/').nth(9)).collect();
        assert_eq!(hours, ["17", "18"], "{files:?}");
    }

    #[test]
    fn a_file_holds_lines_in_order() {
        let files = files(Place::default(), 300, &[1_000, 3_000, 2_000]);
        let mut text = String::new();
        GzDecoder::new(&files[0].bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, "{\"at\":1000}\n{\"at\":3000}\n{\"at\":2000}\n");
    }

    #[test]
    fn other_parts_of_a_queue_have_other_names_and_the_same_part_the_same() {
        let name = |offset| files(Place { segment: 7, offset }, 300, &[0])[0].key.clone();
        assert_eq!(name(0), name(0));
        assert_ne!(name(0), name(1));
    }

    proptest! {
        #[test]
        fn a_window_holds_its_times_and_lies_in_one_hour(at in -10_000_000_000..4_000_000_000_000_i64, seconds in 1..=3_600_u64) {
            let length = Duration::from_secs(seconds);
            let (start, end) = (window(at, length), window_end(window(at, length), length));
            prop_assert!(start <= at && at < end);
            prop_assert_eq!(start.div_euclid(HOUR_MS), (end - 1).div_euclid(HOUR_MS));
            prop_assert!(end - start <= i64::try_from(seconds).unwrap() * 1_000);
        }
    }
}

//! Playlists of a recording, read back.
//!
//! Promise: what a playlist says is taken as it stands, or refused with the number of the line; memory is bounded by the
//! text's length. Tags that say nothing of where media is are passed over.

use std::sync::Arc;

/// Why a text is no playlist of a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct Malformed {
    /// The first line is 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// A media playlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Whole seconds.
    pub target_duration: u64,
    /// How long all of it is, as its head says.
    pub total_ms: Option<u64>,
    /// Nothing will be added.
    pub is_ended: bool,
    /// In order.
    pub entries: Vec<ListedEntry>,
}

/// A URI of a media playlist and the tags before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedEntry {
    /// The file, in the playlist's folder.
    pub name: Arc<str>,
    /// The file of the initialisation section that is in force.
    pub init: Option<Arc<str>>,
    /// Something else begins here.
    pub discontinuity: bool,
    /// There is no such file.
    pub is_gap: bool,
    /// Its length.
    pub millis: u64,
    /// Length and offset in the file; `None`: all of it.
    pub range: Option<(u64, u64)>,
    /// When it was on air, as text; texts compare as the moments do.
    pub time: Option<String>,
}

/// What stands before a URI.
#[derive(Default)]
struct Tags {
    millis: Option<u64>,
    discontinuity: bool,
    is_gap: bool,
    range: Option<(u64, u64)>,
    time: Option<String>,
}

/// Reads a media playlist.
pub(crate) fn read(text: &str) -> Result<Listed, Malformed> {
    let mut listed = Listed::default();
    let (mut tags, mut init, mut last) = (Tags::default(), None, None::<Arc<str>>);
    for (line, words) in lines(text)? {
        let no = |what| Malformed { line, what };
        if listed.is_ended {
            return Err(no("something comes after the end"));
        }
        if let Some(tag) = words.strip_prefix('#') {
            let (tag, value) = tag.split_once(':').unwrap_or((tag, ""));
            match tag {
                "EXT-X-TARGETDURATION" => {
                    listed.target_duration = value.parse().map_err(|_| no("no target duration"))?;
                }
                "EXT-X-TWITCH-TOTAL-SECS" => listed.total_ms = Some(millis(value).ok_or(no("no length"))?),
                "EXT-X-MAP" => init = Some(map(value).ok_or(no("no initialisation section"))?),
                "EXTINF" => {
                    let seconds = value.split(',').next().unwrap_or_default();
                    tags.millis = Some(millis(seconds).ok_or(no("no length"))?);
                }
                "EXT-X-BYTERANGE" => tags.range = Some(range(value).ok_or(no("no byte range"))?),
                "EXT-X-PROGRAM-DATE-TIME" => tags.time = Some(value.to_owned()),
                "EXT-X-DISCONTINUITY" => tags.discontinuity = true,
                "EXT-X-GAP" => tags.is_gap = true,
                "EXT-X-ENDLIST" => listed.is_ended = true,
                _ => {}
            }
            continue;
        }
        if !is_file_name(words) {
            return Err(no("not the name of a file beside the playlist"));
        }
        // Most entries name the file of the one before.
        let name = last.take().filter(|last| **last == *words).unwrap_or_else(|| Arc::from(words));
        last = Some(Arc::clone(&name));
        let Tags { millis, discontinuity, is_gap, range, time } = std::mem::take(&mut tags);
        let millis = millis.ok_or(no("a file without a length"))?;
        listed.entries.push(ListedEntry {
            name,
            init: init.clone(),
            discontinuity,
            is_gap,
            millis,
            range,
            time,
        });
    }
    if listed.target_duration == 0 {
        return Err(Malformed { line: 1, what: "no target duration" });
    }
    Ok(listed)
}

/// The URIs of a multivariant playlist, in order.
pub(crate) fn read_multivariant(text: &str) -> Result<Vec<String>, Malformed> {
    let mut uris = Vec::new();
    let mut is_announced = false;
    for (line, words) in lines(text)? {
        if words.starts_with("#EXT-X-STREAM-INF:") {
            is_announced = true;
        } else if !words.starts_with('#') {
            if !std::mem::take(&mut is_announced) {
                return Err(Malformed { line, what: "a playlist without its properties" });
            }
            uris.push(words.to_owned());
        }
    }
    Ok(uris)
}

/// Lines that say something, with their numbers; the first must say that it is a playlist.
fn lines(text: &str) -> Result<impl Iterator<Item = (usize, &str)>, Malformed> {
    let mut lines = (1..).zip(text.lines().map(str::trim_end));
    match lines.next() {
        Some((_, "#EXTM3U")) => Ok(lines.filter(|(_, words)| !words.is_empty())),
        _ => Err(Malformed { line: 1, what: "not a playlist" }),
    }
}

/// Seconds with three decimals at most.
fn millis(seconds: &str) -> Option<u64> {
    let (whole, rest) = seconds.split_once('.').unwrap_or((seconds, ""));
    if rest.len() > 3 || !rest.bytes().chain(whole.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u64 = if rest.is_empty() { 0 } else { format!("{rest:0<3}").parse().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(thousandths)
}

fn range(value: &str) -> Option<(u64, u64)> {
    let (length, offset) = value.split_once('@')?;
    let (length, offset): (u64, u64) = (length.parse().ok()?, offset.parse().ok()?);
    offset.checked_add(length).map(|_| (length, offset))
}

fn map(value: &str) -> Option<Arc<str>> {
    let name = value.strip_prefix("URI=\"")?.split('"').next()?;
    is_file_name(name).then(|| Arc::from(name))
}

/// A recording's playlists name files beside them, so that nothing leads elsewhere.
fn is_file_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.bytes().all(fits)
}

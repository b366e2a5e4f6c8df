//! A reader of media playlists: from the text to what it says, and nothing forgiven.
//!
//! Promise: written from draft-pantos-hls-rfc8216bis alone; what breaks the grammar is named with its section.

use std::collections::BTreeMap;

/// What a playlist says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Playlist {
    pub(crate) version: u32,
    pub(crate) target: u32,
    pub(crate) control: Option<Attributes>,
    pub(crate) part_target: Option<f64>,
    pub(crate) sequence: u64,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) live_sequence: Option<u64>,
    pub(crate) elapsed: Option<f64>,
    pub(crate) ranges: Vec<Attributes>,
    pub(crate) skipped: Option<usize>,
    pub(crate) segments: Vec<Segment>,
    /// The segment that has parts only.
    pub(crate) open: Option<Segment>,
    pub(crate) prefetch: Vec<String>,
    pub(crate) hints: Vec<String>,
    pub(crate) reports: Vec<Attributes>,
    pub(crate) ended: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Segment {
    pub(crate) uri: String,
    pub(crate) duration: f64,
    pub(crate) discontinuity: bool,
    /// What is in force, not what was written.
    pub(crate) map: Option<String>,
    /// Milliseconds since 1970.
    pub(crate) date: Option<i64>,
    pub(crate) parts: Vec<Part>,
    /// It can't be fetched.
    pub(crate) gap: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) uri: String,
    pub(crate) duration: f64,
    pub(crate) independent: bool,
    pub(crate) gap: bool,
}

/// An attribute list; quotes stay on.
pub(crate) type Attributes = BTreeMap<String, String>;

/// Tags that a media playlist has at most once.
const ONCE: [&str; 10] = [
    "#EXT-X-VERSION",
    "#EXT-X-TARGETDURATION",
    "#EXT-X-SERVER-CONTROL",
    "#EXT-X-PART-INF",
    "#EXT-X-MEDIA-SEQUENCE",
    "#EXT-X-DISCONTINUITY-SEQUENCE",
    "#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE",
    "#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS",
    "#EXT-X-SKIP",
    "#EXT-X-ENDLIST",
];

impl Playlist {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, with the section that says so.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let body = text.strip_prefix("#EXTM3U\n").ok_or("4.4.1.1: a playlist begins with EXTM3U")?;
        need(text.ends_with('\n'), "4.1: the last line is whole")?;
        let strange = |character: char| character != '\n' && character.is_control();
        need(!text.contains(strange) && !text.contains('\u{feff}'), "4.1: a control character or a mark")?;
        let mut reader = Reader::default();
        for line in body.lines() {
            reader.line(line).map_err(|error| format!("{error}: {line}"))?;
        }
        reader.close()
    }

    /// How long its media are.
    pub(crate) fn length(&self) -> f64 {
        self.segments.iter().map(|segment| segment.duration).sum::<f64>() + self.open_length()
    }

    pub(crate) fn open_length(&self) -> f64 {
        self.open.iter().map(Segment::length_of_parts).sum()
    }

    /// The number of the segment that comes next, and of the part of it.
    pub(crate) fn edge(&self) -> (u64, usize) {
        let next = self.sequence + (self.skipped.unwrap_or(0) + self.segments.len()) as u64;
        (next, self.open.as_ref().map_or(0, |open| open.parts.len()))
    }

    /// Complete segments and the open one with their numbers.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &Segment)> {
        let from = self.sequence + self.skipped.unwrap_or(0) as u64;
        let all: Vec<_> = self.segments.iter().chain(&self.open).collect();
        (from..).take(all.len()).zip(all).collect::<Vec<_>>().into_iter()
    }
}

impl Segment {
    pub(crate) fn length_of_parts(&self) -> f64 {
        self.parts.iter().map(|part| part.duration).sum()
    }
}

#[derive(Default)]
struct Reader {
    found: Playlist,
    seen: Vec<&'static str>,
    current: Segment,
    /// Something of the current segment was told.
    begun: bool,
    map: Option<String>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        need(!self.found.ended, "4.4.3.4: nothing comes after the end that we write")?;
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        if let Some(once) = ONCE.iter().find(|once| **once == tag) {
            need(!self.seen.contains(once), "4.4: twice")?;
            self.seen.push(once);
        }
        let is_tail = matches!(
            tag,
            "#EXT-X-PRELOAD-HINT" | "#EXT-X-RENDITION-REPORT" | "#EXT-X-ENDLIST" | "#EXT-X-PREFETCH"
        );
        let has_tail = !(self.found.hints.is_empty() && self.found.prefetch.is_empty());
        need(is_tail || !has_tail, "6.2.6: media after what is to come")?;
        if line.starts_with('#') { self.tag(tag, value) } else { self.uri(line) }
    }

    fn tag(&mut self, tag: &str, value: &str) -> Result<(), String> {
        match tag {
            "#EXTINF" => self.duration(value),
            "#EXT-X-PART" => self.part(value),
            "#EXT-X-GAP" => {
                need(!self.current.gap, "4.4.4.7: twice")?;
                need(self.current.duration == 0.0, "4.4.4.1: a tag between EXTINF and URI")?;
                (self.current.gap, self.begun) = (true, true);
                Ok(())
            }
            "#EXT-X-DISCONTINUITY" => {
                need(!self.current.discontinuity, "4.4.4.3: twice")?;
                self.opening()?.discontinuity = true;
                Ok(())
            }
            "#EXT-X-MAP" => {
                self.map = Some(quoted(&attributes(value)?, "URI")?);
                let map = self.map.clone();
                self.opening()?.map = map;
                Ok(())
            }
            "#EXT-X-PROGRAM-DATE-TIME" => {
                need(self.current.date.is_none(), "4.4.4.6: two dates for one segment")?;
                self.opening()?.date = Some(millis(value)?);
                Ok(())
            }
            _ => self.other(tag, value),
        }
    }

    /// Tags of the whole playlist.
    fn other(&mut self, tag: &str, value: &str) -> Result<(), String> {
        let found = &mut self.found;
        let is_header = found.segments.is_empty() && !self.begun;
        match tag {
            "#EXT-X-PREFETCH" => found.prefetch.push(value.to_owned()),
            "#EXT-X-PRELOAD-HINT" => found.hints.push(hint(value)?),
            "#EXT-X-RENDITION-REPORT" => found.reports.push(attributes(value)?),
            "#EXT-X-ENDLIST" => found.ended = true,
            _ => need(is_header, "4.4.3: a tag of the playlist among the media, or an unknown one")?,
        }
        match tag {
            "#EXT-X-VERSION" => found.version = whole(value)?,
            "#EXT-X-TARGETDURATION" => found.target = whole(value)?,
            "#EXT-X-SERVER-CONTROL" => found.control = Some(attributes(value)?),
            "#EXT-X-PART-INF" => found.part_target = Some(decimal(&attributes(value)?, "PART-TARGET")?),
            "#EXT-X-MEDIA-SEQUENCE" => found.sequence = whole(value)?,
            "#EXT-X-DISCONTINUITY-SEQUENCE" => found.discontinuity_sequence = whole(value)?,
            "#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE" => found.live_sequence = Some(whole(value)?),
            "#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS" => found.elapsed = Some(seconds(value)?),
            "#EXT-X-DATERANGE" => found.ranges.push(attributes(value)?),
            "#EXT-X-SKIP" => {
                let list = attributes(value)?;
                let count = list.get("SKIPPED-SEGMENTS").ok_or("4.4.5.2: no count")?;
                found.skipped = Some(whole(count)?);
            }
            "#EXT-X-PREFETCH" | "#EXT-X-PRELOAD-HINT" | "#EXT-X-RENDITION-REPORT" | "#EXT-X-ENDLIST" => {}
            _ => return Err("4.4: a tag that this server does not write".into()),
        }
        Ok(())
    }

    /// The current segment, before its first part.
    fn opening(&mut self) -> Result<&mut Segment, String> {
        need(self.current.parts.is_empty(), "4.4.4.9: a tag of the segment after its first part")?;
        need(self.current.duration == 0.0, "4.4.4.1: a tag between EXTINF and URI")?;
        self.begun = true;
        Ok(&mut self.current)
    }

    fn duration(&mut self, value: &str) -> Result<(), String> {
        need(self.current.duration == 0.0, "4.4.4.1: two EXTINF for one segment")?;
        let (number, title) = value.split_once(',').ok_or("4.4.4.1: no comma")?;
        need(title == "live", "IVS reference, 4.3: the title of content is `live`")?;
        self.current.duration = seconds(number)?;
        need(self.current.duration > 0.0, "4.4.4.1: no length")?;
        self.begun = true;
        Ok(())
    }

    fn part(&mut self, value: &str) -> Result<(), String> {
        need(self.current.duration == 0.0, "4.4.4.9: a part after its segment's EXTINF")?;
        let list = attributes(value)?;
        let flag = |name: &str| match list.get(name).map(String::as_str) {
            None => Ok(false),
            Some("YES") => Ok(true),
            Some(_) => Err(format!("4.4.4.9: {name} is YES or not there")),
        };
        let (independent, gap) = (flag("INDEPENDENT")?, flag("GAP")?);
        let known = ["URI", "DURATION", "INDEPENDENT", "GAP"];
        need(list.keys().all(|name| known.contains(&name.as_str())), "4.4.4.9: an unknown attribute")?;
        let part =
            Part { uri: quoted(&list, "URI")?, duration: decimal(&list, "DURATION")?, independent, gap };
        self.current.parts.push(part);
        self.begun = true;
        Ok(())
    }

    fn uri(&mut self, line: &str) -> Result<(), String> {
        need(!line.is_empty(), "4.1: we write no empty line")?;
        need(self.current.duration > 0.0, "4.4.4.1: a URI without EXTINF")?;
        let segment = Segment { uri: line.to_owned(), ..self.take() };
        self.found.segments.push(segment);
        Ok(())
    }

    /// The segment so far, with the map that is in force.
    fn take(&mut self) -> Segment {
        self.begun = false;
        let segment = std::mem::take(&mut self.current);
        Segment { map: self.map.clone(), ..segment }
    }

    fn close(mut self) -> Result<Playlist, String> {
        need(self.current.duration == 0.0, "4.4.4.1: an EXTINF without a URI")?;
        need(!self.current.gap, "4.4.4.7: a gap of a segment that is not there")?;
        if !self.current.parts.is_empty() {
            self.found.open = Some(self.take());
        } else if self.begun {
            need(!self.found.prefetch.is_empty(), "4.4.4: tags of a segment that is not there")?;
        }
        for tag in &ONCE[..2] {
            need(self.seen.contains(tag), "4.4.1.2, 4.4.3.1: version and target duration are told")?;
        }
        Ok(self.found)
    }
}

fn need(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

/// An attribute list (4.2): names of capitals, digits and hyphens, none twice, no space around them.
pub(crate) fn attributes(text: &str) -> Result<Attributes, String> {
    let mut found = Attributes::new();
    let mut rest = text;
    loop {
        let (name, value) = rest.split_once('=').ok_or("4.2: an attribute without a value")?;
        let is_name =
            |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        need(!name.is_empty() && name.bytes().all(is_name), "4.2: not an attribute's name")?;
        let end = match value.strip_prefix('"') {
            Some(inner) => inner.find('"').ok_or("4.2: an open quote")? + 2,
            None => value.find(',').unwrap_or(value.len()),
        };
        let (value, after) = value.split_at(end);
        need(!value.is_empty() && !value.contains(' ') || value.starts_with('"'), "4.2: not a value")?;
        need(found.insert(name.to_owned(), value.to_owned()).is_none(), "4.2: an attribute twice")?;
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return need(after.is_empty(), "4.2: text after a value").map(|()| found),
        }
    }
}

pub(crate) fn quoted(list: &Attributes, name: &str) -> Result<String, String> {
    let value = list.get(name).ok_or_else(|| format!("4.2: no {name}"))?;
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map(str::to_owned).ok_or_else(|| format!("4.2: {name} is not quoted"))
}

pub(crate) fn decimal(list: &Attributes, name: &str) -> Result<f64, String> {
    seconds(list.get(name).ok_or_else(|| format!("4.2: no {name}"))?)
}

fn seconds(text: &str) -> Result<f64, String> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    need(is_decimal, "4.2: not a decimal number")?;
    text.parse().map_err(|_| "4.2: not a decimal number".to_owned())
}

fn whole<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    need(text.bytes().all(|byte| byte.is_ascii_digit()), "4.2: not a whole number")?;
    text.parse().map_err(|_| "4.2: not a whole number".to_owned())
}

fn hint(value: &str) -> Result<String, String> {
    let list = attributes(value)?;
    need(list.get("TYPE").is_some_and(|kind| kind == "PART"), "4.4.5.3: another type than PART")?;
    quoted(&list, "URI")
}

/// Milliseconds since 1970 of `2026-10-08T12:26:32.089Z` (4.4.4.6); other forms are not ours.
pub(crate) fn millis(text: &str) -> Result<i64, String> {
    let error = || "4.4.4.6: not a date in UTC with milliseconds".to_owned();
    let fields: Vec<i64> = text
        .strip_suffix('Z')
        .ok_or_else(error)?
        .split(['-', 'T', ':', '.'])
        .map(|field| field.parse().map_err(|_| error()))
        .collect::<Result<_, _>>()?;
    let [year, month, day, hour, minute, second, milli] = fields[..] else { return Err(error()) };
    need(text.len() == 24, "4.4.4.6: milliseconds have three digits")?;
    // Days from March to March, leap days by the century's rule; good for any year of ours.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Ok((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + milli)
}

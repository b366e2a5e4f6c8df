//! The paths: what a URL names.
//!
//! Promise: one file has one path. Numbers have no sign and no leading zeros, so a cache never holds
//! anything twice.
//!
//! `<channel>.m3u8` is the way in, and `<channel>.jpg` a look from outside. Below `<channel>/<stream>/`, `<pass>/<rendition>/` holds what belongs to one
//! viewer, whose pass is in the path so that relative URIs carry it on and texts name nobody; `<rendition>/`
//! holds the media of public channels, under the same URLs for all.

use domain::{AccountId, Arn, ContainerFormat, Region, ResourceId, ResourceKind, StreamId};

use crate::figures::Kind;
use crate::playlist::Form;

/// What all paths begin with.
pub const PREFIX: &str = "/api/video/v1/";

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Multivariant(Arn),
    /// A small picture of what is on air.
    Thumbnail(Arn),
    Media(Place<'a>, File),
}

impl Target<'_> {
    /// What it is counted as.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Multivariant(_) => Kind::Multivariant,
            Self::Thumbnail(_) => Kind::Thumbnail,
            Self::Media(_, File::Playlist(_)) => Kind::Playlist,
            Self::Media(_, File::Init(_)) => Kind::Init,
            Self::Media(_, File::Segment(..)) => Kind::Segment,
            Self::Media(_, File::Part(..)) => Kind::Part,
        }
    }
}

/// Where a rendition's file is asked for. Read from the path and believed in nothing: each name may be of
/// nothing that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// `<channel>/<stream>`.
    pub(crate) broadcast: &'a str,
    /// Absent in the URLs that all viewers share.
    pub(crate) pass: Option<&'a str>,
    pub(crate) rendition: &'a str,
}

impl Place<'_> {
    /// The channel and the stream, if they are named as channels and streams are.
    pub(crate) fn names(&self) -> Option<(Arn, StreamId)> {
        let (channel, stream) = self.broadcast.split_once('/')?;
        Some((parse_channel(channel)?, StreamId::parse(stream)?))
    }
}

/// A file of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    Playlist(Form),
    Init(u32),
    Segment(u64, ContainerFormat),
    Part(u64, usize, ContainerFormat),
}

impl File {
    /// May a rendition in this container have such a file?
    pub(crate) fn is_of(self, container: ContainerFormat) -> bool {
        match self {
            Self::Playlist(_) => true,
            Self::Init(_) => container == ContainerFormat::FragmentedMp4,
            Self::Segment(_, own) | Self::Part(_, _, own) => own == container,
        }
    }
}

/// Where a channel's multivariant playlist is: the path of its playback URL.
pub fn multivariant_path(channel: &Arn) -> String {
    format!("{PREFIX}{}.m3u8", channel_name(channel))
}

/// Where the small picture of what a channel shows is.
pub fn thumbnail_path(channel: &Arn) -> String {
    format!("{PREFIX}{}.jpg", channel_name(channel))
}

pub(crate) fn channel_name(channel: &Arn) -> String {
    let Arn { region, account, kind, id } = channel;
    format!("{region}.{account}.{}.{id}", kind.as_str())
}

pub(crate) fn init_name(number: u32) -> String {
    format!("i{number}.mp4")
}

pub(crate) fn segment_name(number: u64, container: ContainerFormat) -> String {
    format!("s{number}{}", extension(container))
}

pub(crate) fn part_name(segment: u64, part: usize, container: ContainerFormat) -> String {
    format!("p{segment}.{part}{}", extension(container))
}

fn extension(container: ContainerFormat) -> &'static str {
    match container {
        ContainerFormat::FragmentedMp4 => ".m4s",
        ContainerFormat::Ts => ".ts",
    }
}

/// What [`Place::broadcast`] is for this one.
pub(crate) fn broadcast_name(channel: &Arn, stream: &StreamId) -> String {
    format!("{}/{stream}", channel_name(channel))
}

/// Reads a path; `None` when it is none of ours. Of media nothing is copied.
pub(crate) fn parse(path: &str) -> Option<Target<'_>> {
    let path = path.strip_prefix(PREFIX)?;
    let Some((channel, below)) = path.split_once('/') else {
        if let Some(channel) = path.strip_suffix(".jpg") {
            return Some(Target::Thumbnail(parse_channel(channel)?));
        }
        return Some(Target::Multivariant(parse_channel(path.strip_suffix(".m3u8")?)?));
    };
    let (stream, below) = below.split_once('/')?;
    let broadcast = path.get(..channel.len() + 1 + stream.len())?;
    let (first, below) = below.split_once('/')?;
    let (pass, rendition, file) = match below.split_once('/') {
        Some((rendition, file)) => (Some(first), rendition, file),
        None => (None, first, below),
    };
    Some(Target::Media(Place { broadcast, pass, rendition }, parse_file(file)?))
}

fn parse_channel(name: &str) -> Option<Arn> {
    let mut parts = name.split('.');
    let (region, account, kind, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_channel = kind == ResourceKind::Channel.as_str() && parts.next().is_none();
    is_channel.then_some(())?;
    Some(Arn {
        region: Region::parse(region)?,
        account: AccountId::parse(account)?,
        kind: ResourceKind::Channel,
        id: ResourceId::parse(id)?,
    })
}

fn parse_file(name: &str) -> Option<File> {
    if name.ends_with(".m3u8") {
        let mut forms = [Form::Low, Form::Prefetch, Form::Plain].into_iter();
        return forms.find(|form| form.file() == name).map(File::Playlist);
    }
    if let Some(number) = name.strip_prefix('i').and_then(|rest| rest.strip_suffix(".mp4")) {
        return Some(File::Init(parse_number(number)?.try_into().ok()?));
    }
    let stem = |container| name.strip_suffix(extension(container)).map(|stem| (stem, container));
    let (stem, container) = stem(ContainerFormat::FragmentedMp4).or_else(|| stem(ContainerFormat::Ts))?;
    if let Some(number) = stem.strip_prefix('s') {
        return Some(File::Segment(parse_number(number)?, container));
    }
    let (segment, part) = stem.strip_prefix('p')?.split_once('.')?;
    Some(File::Part(parse_number(segment)?, parse_number(part)?.try_into().ok()?, container))
}

/// A decimal number in its one shortest form.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    let is_shortest = text == "0" || !text.starts_with('0');
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_shortest && is_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "/api/video/v1/us-east-1.123456789012.channel.abcdABCD0123";
    const STREAM: &str = "st-12345678901234567890123";

    fn channel() -> Arn {
        Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123").expect("a well-formed ARN")
    }

    fn file(name: &str) -> Option<File> {
        let path = format!("{BASE}/{STREAM}/source/{name}");
        let Target::Media(place, file) = parse(&path)? else { return None };
        let (channel, stream) = place.names()?;
        let is_ours = channel == self::channel() && stream.as_str() == STREAM;
        (is_ours && (place.pass, place.rendition) == (None, "source")).then_some(file)
    }

    #[test]
    fn names_and_parsing_are_inverses() {
        let multivariant = multivariant_path(&channel());
        assert_eq!(multivariant, format!("{BASE}.m3u8"));
        assert_eq!(parse(&multivariant), Some(Target::Multivariant(channel())));
        assert_eq!(parse(&thumbnail_path(&channel())), Some(Target::Thumbnail(channel())));
        for form in [Form::Low, Form::Prefetch, Form::Plain] {
            assert_eq!(file(form.file()), Some(File::Playlist(form)));
        }
        assert_eq!(file(&init_name(3)), Some(File::Init(3)));
        for container in [ContainerFormat::FragmentedMp4, ContainerFormat::Ts] {
            assert_eq!(file(&segment_name(0, container)), Some(File::Segment(0, container)));
            assert_eq!(file(&part_name(17, 9, container)), Some(File::Part(17, 9, container)));
        }
    }

    #[test]
    fn what_stands_before_the_rendition_is_a_pass() {
        let path = format!("{BASE}/{STREAM}/AbC-_1/720p30/plain.m3u8");
        let Some(Target::Media(place, File::Playlist(Form::Plain))) = parse(&path) else { panic!("{path}") };
        assert_eq!((place.pass, place.rendition), (Some("AbC-_1"), "720p30"));
        let stream = StreamId::parse(STREAM).expect("a stream");
        assert_eq!(place.broadcast, broadcast_name(&channel(), &stream));
        assert_eq!(place.names(), Some((channel(), stream)));
    }

    #[test]
    fn files_of_the_other_container_are_no_files_of_a_rendition() {
        let (fragments, transport) = (ContainerFormat::FragmentedMp4, ContainerFormat::Ts);
        for (file, both) in [
            (File::Playlist(Form::Low), [true, true]),
            (File::Init(0), [true, false]),
            (File::Segment(0, fragments), [true, false]),
            (File::Part(0, 0, transport), [false, true]),
        ] {
            assert_eq!([file.is_of(fragments), file.is_of(transport)], both, "{file:?}");
        }
    }

    #[test]
    fn other_spellings_of_a_file_are_no_file() {
        for name in [
            "s01.m4s",
            "s+1.m4s",
            "s-1.m4s",
            "s.m4s",
            "p1.m4s",
            "p1.02.m4s",
            "i1.m4s",
            "s1.mp4",
            "s01.ts",
            "s1.ts.m4s",
            "",
            "index.m3u8/",
            "a/b/index.m3u8",
            "other.m3u8",
            ".m3u8",
        ] {
            assert_eq!(file(name), None, "{name}");
        }
        assert_eq!(file("s99999999999999999999.m4s"), None);
        for path in [
            "/api/video/v1/",
            "/api/video/v1/us-east-1.123456789012.stream-key.abc.m3u8",
            "/api/video/v1/us-east-1.123456789012.channel.a.b.m3u8",
            "/api/video/v1/us-east-1.12.channel.a.m3u8",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_read_without_a_panic(rest in "\\PC{0,60}") {
            let _ = parse(&format!("{PREFIX}{rest}"));
            let _ = file(&rest);
        }
    }
}

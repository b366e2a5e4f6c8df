//! The paths of recordings' objects.
//!
//! Promise: one object has one path. Nothing is decoded: what is not written plainly, and each step that begins with a
//! dot, names nothing.

use super::RECORDINGS;

/// Steps of a recording's prefix: `ivs/v1/<account>/<channel>/<year>/<month>/<day>/<hour>/<minute>/<id>` (IVS user
/// guide, "Auto-Record to Amazon S3").
const PREFIX_STEPS: usize = 10;
/// What prefixes begin with.
const FIRST: &str = "ivs/v1/";
/// Folder of all playlists and media, below the prefix.
const HLS: &str = "media/hls/";

/// Which object is asked for. Read from the path and believed in nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) pass: Option<&'a str>,
    pub(super) bucket: &'a str,
    /// The whole key.
    pub(super) key: &'a str,
    /// The recording's part of it.
    pub(super) prefix: &'a str,
    /// The rest.
    pub(super) below: &'a str,
}

/// Reads a path; `None` when it can't be of an object of a recording.
pub(super) fn parse(path: &str) -> Option<Address<'_>> {
    let path = path.strip_prefix(RECORDINGS)?;
    let (pass, path) = match path.strip_prefix('~') {
        Some(rest) => rest.split_once('/').map(|(pass, rest)| (Some(pass), rest))?,
        None => (None, path),
    };
    let (bucket, key) = path.split_once('/')?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let is_step = |step: &str| !step.is_empty() && !step.starts_with('.');
    let fits = key.starts_with(FIRST) && key.bytes().all(is_plain) && key.split('/').all(is_step);
    let is_bucket = blob::Bucket::parse(bucket).is_ok();
    let at = key.match_indices('/').nth(PREFIX_STEPS - 1).map(|(at, _)| at).filter(|_| fits && is_bucket)?;
    blob::Key::parse(key).ok()?;
    Some(Address { pass, bucket, key, prefix: &key[..at], below: &key[at + 1..] })
}

impl Address<'_> {
    pub(super) fn is_playlist(&self) -> bool {
        self.below.ends_with(".m3u8")
    }

    /// A playlist of playlists.
    pub(super) fn is_multivariant(&self) -> bool {
        self.is_playlist() && self.below.strip_prefix(HLS).is_some_and(|name| !name.contains('/'))
    }

    /// The rendition that it is of.
    pub(super) fn rendition(&self) -> Option<&str> {
        self.below.strip_prefix(HLS)?.split_once('/').map(|(rendition, _)| rendition)
    }

    /// Written once, and never changed while the recording goes on.
    pub(super) fn is_final(&self) -> bool {
        let is_chunk = [".ts", ".mp4"].iter().any(|end| self.below.ends_with(end));
        is_chunk || self.below.starts_with("media/thumbnails/") || self.below.starts_with("events/")
    }

    /// As S3 would say it.
    pub(super) fn content_type(&self) -> &'static str {
        blob::media_type(self.below)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PREFIX: &str = "ivs/v1/123456789012/abcdABCD0123/2024/1/2/3/4/abcdefghijkl";

    #[test]
    fn a_path_is_taken_apart() {
        let key = format!("{PREFIX}/media/hls/720p60/0.ts");
        let path = format!("/recordings/films.2024/{key}");
        let plain = Address {
            pass: None,
            bucket: "films.2024",
            key: &key,
            prefix: PREFIX,
            below: "media/hls/720p60/0.ts",
        };
        assert_eq!(parse(&path), Some(plain));
        assert_eq!(plain.rendition(), Some("720p60"));
        let path = format!("/recordings/~p-_4/films.2024/{key}");
        assert_eq!(parse(&path), Some(Address { pass: Some("p-_4"), ..plain }));
    }

    #[test]
    fn kinds_of_objects_are_told_apart() {
        let of = |below: &str, kinds: [bool; 3]| {
            let key = format!("{PREFIX}/{below}");
            let address = Address { pass: None, bucket: "films", key: &key, prefix: PREFIX, below };
            assert_eq!(
                [address.is_playlist(), address.is_multivariant(), address.is_final()],
                kinds,
                "{below}"
            );
        };
        of("media/hls/master.m3u8", [true, true, false]);
        of("media/hls/720p60/playlist.m3u8", [true, false, false]);
        of("media/hls/720p60/0.ts", [false, false, true]);
        of("media/hls/720p60/init-0.mp4", [false, false, true]);
        of("media/thumbnails/thumb0.jpg", [false, false, true]);
        of("media/latest_thumbnail/thumb.jpg", [false, false, false]);
        of("events/recording-started.json", [false, false, true]);
    }

    #[test]
    fn other_paths_are_of_nothing() {
        for rest in [
            "",
            "/",
            "/media/../../x",
            "/media/./x",
            "/.rillcast-draft-0",
            "/media/.hidden",
            "/media//x",
            "/media/%2e%2e/x",
            "/media%2fx",
            "/a\0b",
            "/ä",
            "/x/",
        ] {
            assert_eq!(parse(&format!("/recordings/films/{PREFIX}{rest}")), None, "{rest}");
        }
        for path in [
            "/recordings/",
            "/recordings/films",
            "/recordings/~/films",
            "/recordings/../ivs/v1/1/2/3/4/5/6/7/8/9",
            "/recordings/films/ivs/v2/1/2/3/4/5/6/7/8/9",
            "/recordings/films/ivs/v1/1/2/3/4/5/6/7/8",
            "/recordings//ivs/v1/1/2/3/4/5/6/7/8/9",
            "/other/films/ivs/v1/1/2/3/4/5/6/7/8/9",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
        assert!(parse("/recordings/films/ivs/v1/1/2/3/4/5/6/7/8/9").is_some());
    }

    proptest! {
        #[test]
        fn any_path_is_read_without_a_panic_and_leads_nowhere_else(rest in "[~a-z./%]{0,60}") {
            if let Some(address) = parse(&format!("{RECORDINGS}{rest}")) {
                prop_assert!(!address.key.contains("/.") && !address.key.contains("//"));
            }
        }
    }
}

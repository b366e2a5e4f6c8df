//! What a viewer reads of a playlist: where it goes on, and which part comes next.
//!
//! Promise: a text that tells neither is an error, not a guess.

use std::io;

/// The first rendition of a multivariant playlist, as a path.
pub fn rendition(text: &str, base: &str) -> io::Result<String> {
    let uri = text.lines().find(|line| !line.is_empty() && !line.starts_with('#'));
    let uri = uri.ok_or_else(|| io::Error::other("a multivariant playlist without a rendition"))?;
    if uri.starts_with('/') {
        return Ok(uri.to_owned());
    }
    let folder =
        base.split('?').next().and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
    Ok(format!("{folder}/{uri}"))
}

/// Segment and part that follow the newest.
pub fn next(text: &str) -> io::Result<(u64, u64)> {
    let (mut segment, mut part, mut is_playlist) = (0, 0, false);
    for line in text.lines() {
        if let Some(first) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
            segment = first.parse().map_err(io::Error::other)?;
            is_playlist = true;
        } else if line.starts_with("#EXT-X-PART:") {
            part += 1;
        } else if line.starts_with("#EXTINF:") {
            (segment, part) = (segment + 1, 0);
        }
    }
    if is_playlist { Ok((segment, part)) } else { Err(io::Error::other("no media playlist")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_part_is_behind_the_newest() {
        let text = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-PART:URI=\"p7.0\"\n#EXTINF:2,\ns7\n#EXT-X-PART:URI=\"p8.0\"\n";
        assert_eq!(next(text).expect("a playlist"), (8, 1));
        assert!(next("#EXTM3U\n").is_err());
    }

    #[test]
    fn a_rendition_is_found_beside_its_multivariant_playlist() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nchannel/stream/pass/source/index.m3u8\n";
        let path = rendition(text, "/api/video/v1/channel.m3u8?token=x").expect("a rendition");
        assert_eq!(path, "/api/video/v1/channel/stream/pass/source/index.m3u8");
        assert!(rendition("#EXTM3U\n", "/a").is_err());
    }
}

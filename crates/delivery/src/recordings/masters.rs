//! Multivariant playlists for viewers who may not have every rendition.
//!
//! Promise: what is left of a playlist is a playlist; sound alone is for all.

use domain::MultitrackResolution;

use crate::feed::most_lines;

/// Is a rendition, by its name, for a viewer who may have this much at most? What no rendition is named after is for
/// all.
pub(super) fn fits(rendition: Option<&str>, cap: Option<MultitrackResolution>) -> bool {
    let (Some(rendition), Some(cap)) = (rendition, cap) else { return true };
    lines(rendition).is_none_or(|own| own <= most_lines(cap))
}

/// `720` of `720p60`; `None` of `audio_only`.
fn lines(rendition: &str) -> Option<u32> {
    let (digits, rest) = rendition.split_at(rendition.bytes().take_while(u8::is_ascii_digit).count());
    let is_size = rest.starts_with('p') && !digits.is_empty();
    is_size.then(|| digits.parse().unwrap_or(u32::MAX))
}

/// A multivariant playlist without the variants that do not fit; `None` when none does.
pub(super) fn within(text: &[u8], cap: MultitrackResolution) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let (mut kept, mut any) = (String::with_capacity(text.len()), false);
    let mut stream: Option<&str> = None;
    for line in text.lines() {
        if line.starts_with("#EXT-X-STREAM-INF") {
            stream = Some(line);
        } else if let (false, Some(about)) = (line.starts_with('#'), stream) {
            let rendition = line.split_once('/').map(|(rendition, _)| rendition);
            if fits(rendition, Some(cap)) {
                any = true;
                kept.extend([about, "\n", line, "\n"]);
            }
            stream = None;
        } else if !line.starts_with("#EXT-X-MEDIA") || fits(group(line), Some(cap)) {
            kept.extend([line, "\n"]);
        }
    }
    any.then_some(kept)
}

fn group(line: &str) -> Option<&str> {
    line.split_once("GROUP-ID=\"")?.1.split_once('"').map(|(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "#EXTM3U\n\
        #EXT-X-SESSION-DATA:DATA-ID=\"net.live-video.x\",VALUE=\"y\"\n\
        #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"1080p60\",NAME=\"1080p60\",AUTOSELECT=YES,DEFAULT=YES\n\
        #EXT-X-STREAM-INF:BANDWIDTH=6000000,RESOLUTION=1920x1080,VIDEO=\"1080p60\"\n\
        1080p60/playlist.m3u8\n\
        #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"480p30\",NAME=\"480p30\",AUTOSELECT=YES,DEFAULT=YES\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=852x480,VIDEO=\"480p30\"\n\
        480p30/playlist.m3u8\n";

    #[test]
    fn larger_renditions_are_left_out() {
        let small = within(MASTER.as_bytes(), MultitrackResolution::Sd).expect("one is left");
        assert!(!small.contains("1080p60"), "{small}");
        let rest: String =
            MASTER.lines().filter(|line| !line.contains("1080")).flat_map(|line| [line, "\n"]).collect();
        assert_eq!(small, rest);
        let all = within(MASTER.as_bytes(), MultitrackResolution::FullHd);
        assert_eq!(all.as_deref(), Some(MASTER));
    }

    #[test]
    fn a_playlist_without_any_rendition_is_none() {
        let large = MASTER.replace("480p30", "720p30");
        assert_eq!(within(large.as_bytes(), MultitrackResolution::Sd), None);
        assert_eq!(within(b"", MultitrackResolution::Sd), None);
        assert_eq!(within(&[0xff], MultitrackResolution::Sd), None);
    }

    #[test]
    fn renditions_are_known_by_their_names() {
        let hd = |name| fits(Some(name), Some(MultitrackResolution::Hd));
        assert!(hd("720p60") && hd("160p30") && hd("audio_only") && hd("720p60_source"));
        assert!(!hd("1080p60") && !hd("99999999999p30") && !hd("721p"));
        assert!(fits(None, Some(MultitrackResolution::Sd)) && fits(Some("2160p60"), None));
    }
}

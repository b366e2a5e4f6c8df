//! Where each object of a recording is: its prefix, and the keys below that.
//!
//! Promise: a key that is made here is plain steps of letters, digits and `-._`, and every key of a recording is made
//! here.
//!
//! Source: IVS user guide, "Auto-Record to Amazon S3", "S3 prefix" and "Recording contents"; names of fMP4 files are
//! those of the vendor's recordings in that container.

use std::time::SystemTime;

use domain::{Arn, ContainerFormat, ResourceId, time_text, unix_millis};

use crate::playlist::Form;

/// Told when the recording begins.
pub const STARTED: &str = "events/recording-started.json";
/// Told when it is over and complete.
pub const ENDED: &str = "events/recording-ended.json";
/// Told, instead of [`ENDED`], when it ended before its stream did.
pub const FAILED: &str = "events/recording-failed.json";
/// Folder of all playlists and media.
pub const HLS: &str = "media/hls";
/// In [`HLS`]: the multivariant playlist.
pub const MASTER: &str = "master.m3u8";
/// In [`HLS`]: the multivariant playlist of byte ranges.
pub const BYTE_RANGE_MASTER: &str = "byte-range-multivariant.m3u8";
/// In a rendition's folder: its playlist.
pub const PLAYLIST: &str = "playlist.m3u8";
/// In a rendition's folder: its playlist of byte ranges.
pub const BYTE_RANGE_PLAYLIST: &str = "byte-range-variant.m3u8";
/// Folder of numbered thumbnails.
pub const THUMBNAILS: &str = "media/thumbnails";
/// The newest thumbnail.
pub const LATEST_THUMBNAIL: &str = "media/latest_thumbnail/thumb.jpg";

/// What the keys of all objects of a recording begin with, without a slash at either end:
/// `ivs/v1/<account>/<channel>/<year>/<month>/<day>/<hour>/<minute>/<id>` in UTC, no number padded with zeros.
pub fn prefix(channel: &Arn, at: SystemTime, id: &ResourceId) -> String {
    let text = time_text(unix_millis(at));
    let numbers = text.split(|character: char| !character.is_ascii_digit()).take(5);
    let steps: Vec<&str> = numbers.map(without_zeros).collect();
    format!("ivs/v1/{}/{}/{}/{id}", channel.account, channel.id, steps.join("/"))
}

fn without_zeros(number: &str) -> &str {
    match number.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

/// The name of a multivariant playlist in [`HLS`].
pub fn master_name(form: Form) -> &'static str {
    match form {
        Form::Whole => MASTER,
        Form::Ranges => BYTE_RANGE_MASTER,
    }
}

/// The key of a multivariant playlist.
pub fn master(form: Form) -> String {
    format!("{HLS}/{}", master_name(form))
}

/// The name of a rendition's playlist in its folder.
pub fn playlist_name(form: Form) -> &'static str {
    match form {
        Form::Whole => PLAYLIST,
        Form::Ranges => BYTE_RANGE_PLAYLIST,
    }
}

/// The key of a rendition's playlist.
pub fn playlist(rendition: &str, form: Form) -> String {
    in_rendition(rendition, playlist_name(form))
}

/// The name of a chunk in its rendition's folder.
pub fn chunk_name(number: u64, container: ContainerFormat) -> String {
    match container {
        ContainerFormat::Ts => format!("{number}.ts"),
        ContainerFormat::FragmentedMp4 => format!("{number}.mp4"),
    }
}

/// The key of a chunk.
pub fn chunk(rendition: &str, number: u64, container: ContainerFormat) -> String {
    in_rendition(rendition, &chunk_name(number, container))
}

/// The name of an initialisation section in its rendition's folder; fMP4 only.
pub fn init_name(number: u32) -> String {
    format!("init-{number}.mp4")
}

/// The key of an initialisation section.
pub fn init(rendition: &str, number: u32) -> String {
    in_rendition(rendition, &init_name(number))
}

/// The key of a file in a rendition's folder.
pub fn in_rendition(rendition: &str, name: &str) -> String {
    format!("{HLS}/{rendition}/{name}")
}

/// The key of a numbered thumbnail; the first is 0.
pub fn thumbnail(number: u64) -> String {
    format!("{THUMBNAILS}/thumb{number}.jpg")
}

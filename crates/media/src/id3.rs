//! ID3 tags as timed metadata of a stream: one tag with one frame, private or of text.
//!
//! Promise: what is written is a whole tag of ID3 version 2.4.0 without flags, footer or padding, and its
//! sizes are those of its bytes.

use std::ffi::CStr;

use bytes::{BufMut, Bytes, BytesMut};

use crate::error::Id3Error;

/// Whose frame the text of `PutMetadata` is. Players of the service hand on private frames of this owner and of
/// [`ENCODER_METADATA`].
pub const API_METADATA: &CStr = c"metadata.live-video.net";
/// Whose frame the text is that an encoder sends in its stream.
pub const ENCODER_METADATA: &CStr = c"inband.metadata.live-video.net";

/// What the text frame tells that says when a segment came in and went out. Players of the service take the
/// latency that they show from it, and hand no text frame of this description on.
pub const LATENCY: &CStr = c"segmentmetadata";

/// Header of the tag, and of its frame.
const HEADER: usize = 10;
/// Four bytes of seven bits each (ID3v2.4.0 structure, 6.2).
const LARGEST: usize = (1 << 28) - 1;

/// A tag with one PRIV frame (ID3v2.4.0 frames, 4.27): `data` for those who know what `owner` means by it.
///
/// Fails only for data of about 256 MiB, whose size no tag can tell.
pub fn private_tag(owner: &CStr, data: &[u8]) -> Result<Bytes, Id3Error> {
    tag(b"PRIV", &[owner.to_bytes_with_nul(), data])
}

/// A tag with one TXXX frame (ID3v2.4.0 frames, 4.2.6): a text that `description` names.
///
/// Fails only for text of about 256 MiB, whose size no tag can tell.
pub fn text_tag(description: &CStr, text: &str) -> Result<Bytes, Id3Error> {
    const UTF_8: u8 = 3;
    tag(b"TXXX", &[&[UTF_8], description.to_bytes_with_nul(), text.as_bytes()])
}

/// A tag with one frame of these pieces.
fn tag(frame: &[u8; 4], pieces: &[&[u8]]) -> Result<Bytes, Id3Error> {
    let body = pieces.iter().map(|piece| piece.len()).fold(0, usize::saturating_add);
    let content = body.saturating_add(HEADER);
    if content > LARGEST {
        return Err(Id3Error::TooLarge { bytes: body });
    }
    let mut out = BytesMut::with_capacity(HEADER + content);
    out.put_slice(b"ID3");
    out.put_slice(&[4, 0]); // version 2.4.0
    out.put_u8(0); // flags
    put_size(&mut out, content);
    out.put_slice(frame);
    put_size(&mut out, body);
    out.put_u16(0); // flags
    pieces.iter().for_each(|piece| out.put_slice(piece));
    Ok(out.freeze())
}

/// A size with the top bit of each byte clear, so that no decoder takes it for the start of sound.
fn put_size(out: &mut BytesMut, size: usize) {
    for shift in [21, 14, 7, 0] {
        out.put_u8(u8::try_from(size >> shift & 0x7f).expect("seven bits fit a byte"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_what_the_standard_says_byte_by_byte() {
        let tag = private_tag(c"me", &[b'x'; 200]).expect("a small tag");
        // 10 + 3 + 200 = 213 bytes follow the tag's header, 203 the frame's.
        assert_eq!(&tag[..10], b"ID3\x04\x00\x00\x00\x00\x01\x55");
        assert_eq!(&tag[10..20], b"PRIV\x00\x00\x01\x4b\x00\x00");
        assert_eq!(&tag[20..23], b"me\0");
        assert_eq!(&tag[23..], [b'x'; 200]);
    }

    #[test]
    fn a_text_frame_names_its_coding_and_what_it_is() {
        let tag = text_tag(LATENCY, "{\u{e4}}").expect("a small tag");
        // The coding, the description and its end, four bytes of text.
        assert_eq!(&tag[..20], b"ID3\x04\x00\x00\x00\x00\x00\x1fTXXX\x00\x00\x00\x15\x00\x00");
        assert_eq!(&tag[20..], b"\x03segmentmetadata\0{\xc3\xa4}");
    }

    #[test]
    fn data_whose_size_a_tag_can_not_tell_is_refused() {
        let data = vec![0; 1 << 28];
        let bytes = API_METADATA.count_bytes() + 1 + data.len();
        assert_eq!(private_tag(API_METADATA, &data), Err(Id3Error::TooLarge { bytes }));
    }
}

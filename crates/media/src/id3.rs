//! ID3 tags as timed metadata of a stream: one tag with one private frame.
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

/// Header of the tag, and of its frame.
const HEADER: usize = 10;
/// Four bytes of seven bits each (ID3v2.4.0 structure, 6.2).
const LARGEST: usize = (1 << 28) - 1;

/// A tag with one PRIV frame (ID3v2.4.0 frames, 4.27): `data` for those who know what `owner` means by it.
///
/// Fails only for data of about 256 MiB, whose size no tag can tell.
pub fn private_tag(owner: &CStr, data: &[u8]) -> Result<Bytes, Id3Error> {
    let owner = owner.to_bytes_with_nul();
    let body = owner.len().saturating_add(data.len());
    let content = body.saturating_add(HEADER);
    if content > LARGEST {
        return Err(Id3Error::TooLarge { bytes: data.len() });
    }
    let mut out = BytesMut::with_capacity(HEADER + content);
    out.put_slice(b"ID3");
    out.put_slice(&[4, 0]); // version 2.4.0
    out.put_u8(0); // flags
    put_size(&mut out, content);
    out.put_slice(b"PRIV");
    put_size(&mut out, body);
    out.put_u16(0); // flags
    out.put_slice(owner);
    out.put_slice(data);
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
    fn data_whose_size_a_tag_can_not_tell_is_refused() {
        let data = vec![0; 1 << 28];
        assert_eq!(private_tag(API_METADATA, &data), Err(Id3Error::TooLarge { bytes: 1 << 28 }));
    }
}

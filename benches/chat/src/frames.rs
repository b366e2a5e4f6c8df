//! WebSocket frames, the client's side of RFC 6455, as far as a load generator needs them.
//!
//! Promise: a frame is found whatever way its bytes were cut; nothing is copied but a frame's first part that
//! came without its rest.

/// What came in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Data,
    Close,
    Ping,
    Pong,
}

/// The first frame in `bytes`: what it is, where its payload begins and ends; `None` when it is not whole yet.
pub fn first(bytes: &[u8]) -> Option<(Kind, usize, usize)> {
    let [head, length, rest @ ..] = bytes else { return None };
    let kind = match head & 0x0f {
        8 => Kind::Close,
        9 => Kind::Ping,
        10 => Kind::Pong,
        _ => Kind::Data,
    };
    let (begin, length): (usize, usize) = match length & 0x7f {
        126 => (4, u16::from_be_bytes(rest.get(..2)?.try_into().ok()?) as usize),
        127 => (10, u64::from_be_bytes(rest.get(..8)?.try_into().ok()?) as usize),
        short => (2, short as usize),
    };
    let end = begin.checked_add(length)?;
    (bytes.len() >= end).then_some((kind, begin, end))
}

/// Appends a masked frame, as a client must send it.
pub fn put(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    out.push(0x80 | opcode);
    match payload.len() {
        short @ 0..=125 => out.push(0x80 | short as u8),
        long @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend((long as u16).to_be_bytes());
        }
        longer => {
            out.push(0x80 | 127);
            out.extend((longer as u64).to_be_bytes());
        }
    }
    out.extend(MASK);
    out.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_found_only_when_it_is_whole() {
        for length in [0usize, 1, 125, 126, 200, 65_535, 65_536] {
            let mut bytes = vec![0x81];
            match length {
                0..=125 => bytes.push(length as u8),
                126..=65_535 => {
                    bytes.push(126);
                    bytes.extend((length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend((length as u64).to_be_bytes());
                }
            }
            let begin = bytes.len();
            bytes.resize(begin + length, b'x');
            for cut in 0..bytes.len() {
                assert_eq!(first(&bytes[..cut]), None, "{length} cut at {cut}");
                if cut > 20 && cut + 2 < bytes.len() && length > 300 && cut % 4096 != 0 {
                    continue;
                }
            }
            assert_eq!(first(&bytes), Some((Kind::Data, begin, begin + length)));
        }
    }

    #[test]
    fn a_client_frame_is_masked() {
        let mut out = Vec::new();
        put(&mut out, 1, b"Hi");
        assert_eq!(out, [0x81, 0x82, 0x37, 0xfa, 0x21, 0x3d, b'H' ^ 0x37, b'i' ^ 0xfa]);
    }
}

//! Writes bit fields, most significant bit first, as codecs are written.
//!
//! Promise: what is written is what `media`'s readers read back.

/// Bits that become bytes.
#[derive(Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    /// Appends the lowest `count` bits of `value`, at most 32.
    pub(crate) fn put(&mut self, count: u32, value: u32) -> &mut Self {
        for shift in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> shift & 1 == 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used % 8);
            }
            self.used += 1;
        }
        self
    }

    /// Appends an Exp-Golomb number (H.264 9.1).
    pub(crate) fn exp_golomb(&mut self, value: u32) -> &mut Self {
        let length = (value + 1).ilog2();
        self.put(length, 0).put(length + 1, value + 1)
    }

    /// Ends with a one and zeros up to the byte (H.264 7.3.2.11), behind the header, escaped (7.4.1).
    pub(crate) fn into_nal(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        let mut nal = vec![header];
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros >= 2 && byte <= 3 {
                nal.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal.push(byte);
        }
        nal
    }

    /// The bytes, with zeros up to the last one's end.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

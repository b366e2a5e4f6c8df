//! Reads bit fields, most significant bit first, as codec headers are written.
//!
//! Promise: reading past the end is `None`, never a panic and never made-up bits.

/// A cursor over the bits of a slice.
#[derive(Clone, Debug)]
pub(crate) struct Bits<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    /// Starts at the first bit of `data`.
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    /// The next bit.
    pub(crate) fn bit(&mut self) -> Option<bool> {
        let byte = self.data.get(self.position / 8)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(bit == 1)
    }

    /// The next `count` bits (at most 32) as a number.
    pub(crate) fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0u32, |value, _| Some(value << 1 | u32::from(self.bit()?)))
    }

    /// The next `count` bits, at most 8, as a byte.
    pub(crate) fn take_u8(&mut self, count: u32) -> Option<u8> {
        u8::try_from(self.take(count)?).ok()
    }

    /// The next Exp-Golomb number, ue(v) of ITU-T H.264 9.1; `None` also when it needs over 32 bits.
    pub(crate) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1u32 << zeros) - 1 + self.take(zeros)?)
    }

    /// Bits that are left.
    pub(crate) fn left(&self) -> usize {
        (self.data.len() * 8).saturating_sub(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_numbers_read_as_the_standard_lists_them() {
        // 1, 010, 011, 00100, 00101 are 0 to 4 (H.264 table 9-2).
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        for expected in 0..5 {
            assert_eq!(bits.exp_golomb(), Some(expected));
        }
    }

    #[test]
    fn the_end_is_none() {
        let mut bits = Bits::new(&[0xff]);
        assert_eq!(bits.take(8), Some(0xff));
        assert_eq!(bits.take(1), None);
        assert_eq!(Bits::new(&[0; 8]).exp_golomb(), None);
    }
}

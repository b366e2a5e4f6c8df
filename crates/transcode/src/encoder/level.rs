//! The level of H.264 that a rung's pictures need (ITU-T H.264, table A-1).
//!
//! Promise: never less than the pictures need, and 3.1 wherever that is enough, as IVS's renditions have it
//! (`avc1.4D401F`): renditions whose codecs are equal are the easiest to change between.

use crate::Picture;

/// By level: macroblocks a second, macroblocks a picture, and thousands of bits a second of profile Main.
const LEVELS: [(&str, f64, u32, u32); 8] = [
    ("3.1", 108_000.0, 3_600, 14_000),
    ("3.2", 216_000.0, 5_120, 20_000),
    ("4.0", 245_760.0, 8_192, 20_000),
    ("4.2", 522_240.0, 8_704, 50_000),
    ("5.0", 589_824.0, 22_080, 135_000),
    ("5.1", 983_040.0, 36_864, 240_000),
    ("5.2", 2_073_600.0, 36_864, 240_000),
    ("6.2", 16_711_680.0, 139_264, 800_000),
];
/// A measured rate is a little off; a source of 60 pictures a second must not need what 60.1 do.
const TOLERANCE: f64 = 1.02;

/// The least level for these pictures.
pub(super) fn of(picture: &Picture) -> &'static str {
    let (across, down) = (picture.width.div_ceil(16), picture.height.div_ceil(16));
    let blocks = across.saturating_mul(down);
    let a_second = f64::from(blocks) * picture.frame_rate / TOLERANCE;
    let longest = u64::from(across.max(down));
    let fits = |level: &&(&str, f64, u32, u32)| {
        let (_, most_a_second, most, kilobits) = **level;
        let is_narrow = longest * longest <= u64::from(most) * 8;
        a_second <= most_a_second && blocks <= most && is_narrow && picture.bit_rate / 1_000 <= kilobits
    };
    LEVELS.iter().find(fits).map_or("6.2", |(name, ..)| name)
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::Picture;

    fn level(width: u32, height: u32, frame_rate: f64) -> &'static str {
        of(&Picture {
            width,
            height,
            frame_rate,
            is_halved: false,
            bit_rate: 2_400_000,
            lines: height,
            keeps_rate: true,
        })
    }

    #[test]
    fn rungs_of_thirty_pictures_have_the_level_of_the_vendors() {
        for (width, height) in [(1280, 720), (852, 480), (480, 852), (640, 360), (284, 160)] {
            assert_eq!(level(width, height, 30.0), "3.1");
        }
    }

    #[test]
    fn larger_and_faster_pictures_have_the_level_that_they_need() {
        assert_eq!(level(1280, 720, 60.0), "3.2");
        assert_eq!(level(1280, 720, 60.2), "3.2");
        assert_eq!(level(1920, 1080, 30.0), "4.0");
        assert_eq!(level(1920, 1080, 60.0), "4.2");
        assert_eq!(level(1800, 720, 60.0), "4.2");
        assert_eq!(level(8192, 4320, 240.0), "6.2");
        // A banner is too wide for its number of blocks.
        assert_eq!(level(4096, 64, 10.0), "4.0");
    }
}

//! How large small pictures are.
//!
//! Promise: even edges, square pixels, the shape of the picture as it is shown; never larger than it, either way.

use media::AvcParams;

/// The longer edge, in shorter ones that were asked for, at most: a picture of one line would else be as long as ever.
const LONGEST: f64 = 4.0;

/// Width and height of a small picture of a stream with these parameters: its shorter edge has so many lines at most.
pub(crate) fn size(video: &AvcParams, lines: u32) -> (u32, u32) {
    let (coded_width, coded_height) = (f64::from(video.width.max(1)), f64::from(video.height.max(1)));
    let (across, down) = video.pixel_aspect;
    let pixel = f64::from(across.max(1)) / f64::from(down.max(1));
    // Wider pixels than high ones: as wide as coded, and less high.
    let (width, height) =
        if pixel > 1.0 { (coded_width, coded_height / pixel) } else { (coded_width * pixel, coded_height) };
    let lines = f64::from(lines.max(2));
    let scale = (lines / width.min(height)).min(lines * LONGEST / width.max(height)).min(1.0);
    (even(width * scale), even(height * scale))
}

/// What `ffmpeg` is told, to make pictures of this size as JPEG images have them: full range, and the matrix of BT.601.
pub(crate) fn filter((width, height): (u32, u32)) -> String {
    format!(
        "scale={width}:{height}:flags=bicubic:out_color_matrix=bt601:out_range=pc,setsar=1,format=yuvj420p"
    )
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is bounded below and above")]
fn even(edge: f64) -> u32 {
    ((edge / 2.0).round() as u32 * 2).clamp(2, 16_384)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn of(width: u32, height: u32, pixel_aspect: (u32, u32)) -> (u32, u32) {
        let video = AvcParams {
            record: Bytes::new(),
            profile: 77,
            constraints: 0,
            level: 40,
            length_size: 4,
            width,
            height,
            pixel_aspect,
            frame_rate: None,
        };
        size(&video, 360)
    }

    #[test]
    fn small_pictures_keep_the_shape_that_is_shown() {
        for (width, height, pixel_aspect, expected) in [
            (1_920, 1_080, (1, 1), (640, 360)),
            (1_080, 1_920, (1, 1), (360, 640)),
            (1_440, 1_080, (4, 3), (640, 360)),
            (720, 576, (16, 15), (480, 360)),
            (720, 480, (8, 9), (480, 360)),
            (320, 180, (1, 1), (320, 180)),
            (320, 240, (4, 3), (320, 180)),
            (160, 240, (1, 2), (80, 240)),
        ] {
            assert_eq!(of(width, height, pixel_aspect), expected, "{width}x{height}");
        }
    }

    #[test]
    fn no_shape_makes_a_long_or_an_empty_picture() {
        assert_eq!(of(16_384, 16, (1, 1)), (1_440, 2));
        assert_eq!(of(1, 1, (8, 1)), (2, 2));
        assert_eq!(of(0, 0, (0, 0)), (2, 2));
    }
}

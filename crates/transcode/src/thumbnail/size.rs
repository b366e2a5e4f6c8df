//! How `ffmpeg` makes small pictures.
//!
//! Promise: an image has the size that was asked for, and the picture in it its own shape.

use live::thumbnail_size;
use media::AvcParams;

/// Width and height of a small picture of a stream with these parameters: its shorter edge has so many lines at most.
pub(crate) fn size(video: &AvcParams, lines: u32) -> (u32, u32) {
    thumbnail_size(video, Some(lines))
}

/// What `ffmpeg` is told, to make pictures of this size as JPEG images have them: full range, and the matrix of BT.601.
pub(crate) fn filter((width, height): (u32, u32)) -> String {
    format!(
        "scale={width}:{height}:flags=bicubic:out_color_matrix=bt601:out_range=pc,setsar=1,format=yuvj420p"
    )
}

/// The same for a picture of a stream with these parameters, whose shape may be another one: then there are bars.
pub(super) fn fitting(video: &AvcParams, (width, height): (u32, u32)) -> String {
    let (across, down) = inner(video, (width, height));
    let filter = filter((across, down));
    if (across, down) == (width, height) {
        return filter;
    }
    format!("{filter},pad={width}:{height}:-1:-1")
}

/// The picture within an image of this size: all of it where the shapes are the same, but for rounded edges.
fn inner(video: &AvcParams, (width, height): (u32, u32)) -> (u32, u32) {
    let (shown_across, shown_down) = thumbnail_size(video, None);
    let shape = f64::from(shown_across) / f64::from(shown_down);
    let [across, down] = [f64::from(width), f64::from(height)];
    let within = (across.min(down * shape), down.min(across / shape));
    let is_near = |edge: f64, whole: f64| whole - edge <= ROUNDED;
    if is_near(within.0, across) && is_near(within.1, down) {
        return (width, height);
    }
    (even(within.0).min(width), even(within.1).min(height))
}

/// Edges that differ by no more than this were rounded.
const ROUNDED: f64 = 4.0;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within an image")]
fn even(edge: f64) -> u32 {
    ((edge / 2.0).round() as u32 * 2).max(2)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn of(width: u32, height: u32, pixel_aspect: (u32, u32)) -> AvcParams {
        AvcParams {
            record: Bytes::new(),
            profile: 77,
            constraints: 0,
            level: 40,
            length_size: 4,
            width,
            height,
            pixel_aspect,
            frame_rate: None,
        }
    }

    #[test]
    fn a_picture_of_another_shape_gets_bars_and_keeps_its_own() {
        for (video, expected) in [
            (of(1_920, 1_080, (1, 1)), (640, 360)),
            (of(1_440, 1_080, (4, 3)), (640, 360)),
            (of(1_366, 768, (1, 1)), (640, 360)),
            (of(1_440, 1_080, (1, 1)), (480, 360)),
            (of(1_080, 1_920, (1, 1)), (202, 360)),
            (of(2_560, 1_080, (1, 1)), (640, 270)),
            (of(320, 180, (1, 1)), (640, 360)),
            (of(0, 0, (0, 0)), (360, 360)),
            (of(16_384, 2, (1, 1)), (640, 2)),
        ] {
            assert_eq!(inner(&video, (640, 360)), expected, "{}x{}", video.width, video.height);
            assert_eq!(fitting(&video, (640, 360)).contains("pad"), expected != (640, 360));
        }
    }
}

//! Small pictures of what is on air: for viewers the newest one, and those that somebody orders.
//!
//! Promise: each is a whole JPEG image and says which moment it shows; one that was ordered has exactly the size that
//! the order says, and is lost to a reader only if that reader is told how many were.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use media::{AvcParams, Ticks};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};

/// The longer edge, in shorter ones that were asked for, at most: a picture of one line would else be as long as ever.
const LONGEST: f64 = 4.0;
/// The longest edge that an image can have.
const MOST_PIXELS: u32 = 16_384;
/// Ordered images that wait for a reader.
const WAITING: usize = 16;

/// A picture of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// A JPEG file.
    pub jpeg: Bytes,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// When the picture is shown, on the stream's own clock.
    pub pts: Ticks,
    /// When it was made.
    pub time: SystemTime,
}

/// Small pictures that somebody wants of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThumbnailOrder {
    /// From one to the next on the stream's own clock: each shows the first keyframe at or after its time. The first
    /// keyframe after the order is the first one's, or that of a recorded stream which has just begun.
    pub every: Duration,
    /// Pixels across of each, whatever becomes of the stream's own size: see [`thumbnail_size`].
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Width and height of a small picture of a stream with these parameters: even edges, square pixels, the shape of the
/// picture as it is shown, and never larger than it. Its shorter edge has so many lines at most; `None`: as many as
/// the stream.
pub fn thumbnail_size(video: &AvcParams, lines: Option<u32>) -> (u32, u32) {
    let (coded_width, coded_height) = (f64::from(video.width.max(1)), f64::from(video.height.max(1)));
    let (across, down) = video.pixel_aspect;
    let pixel = f64::from(across.max(1)) / f64::from(down.max(1));
    // Wider pixels than high ones: as wide as coded, and less high.
    let (width, height) =
        if pixel > 1.0 { (coded_width, coded_height / pixel) } else { (coded_width * pixel, coded_height) };
    let scale = lines.map_or(1.0, |lines| {
        let lines = f64::from(lines.max(2));
        (lines / width.min(height)).min(lines * LONGEST / width.max(height)).min(1.0)
    });
    (even(width * scale), even(height * scale))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is bounded below and above")]
fn even(edge: f64) -> u32 {
    ((edge / 2.0).round() as u32).saturating_mul(2).clamp(2, MOST_PIXELS)
}

/// Hands ordered images to those who read at that time.
#[derive(Debug)]
pub(crate) struct Counter {
    images: broadcast::Sender<Arc<Thumbnail>>,
    is_closed: watch::Sender<bool>,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self { images: broadcast::Sender::new(WAITING), is_closed: watch::Sender::new(false) }
    }

    pub(crate) fn put(&self, thumbnail: Thumbnail) {
        // An error says that nobody reads.
        let _ = self.images.send(Arc::new(thumbnail));
    }

    /// Nothing follows.
    pub(crate) fn close(&self) {
        self.is_closed.send_replace(true);
    }

    pub(crate) fn reader(&self) -> OrderedThumbnails {
        OrderedThumbnails { images: self.images.subscribe(), is_closed: self.is_closed.subscribe() }
    }
}

/// What a reader of ordered images gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// The next image.
    Thumbnail(Arc<Thumbnail>),
    /// So many were lost to this reader, which read too slowly.
    Missed(u64),
}

/// Reads images that were ordered, from the moment on that it was made.
#[derive(Debug)]
pub struct OrderedThumbnails {
    images: broadcast::Receiver<Arc<Thumbnail>>,
    is_closed: watch::Receiver<bool>,
}

impl OrderedThumbnails {
    /// The next one; waits for it. Safe to cancel. `None`: none follows, as the stream is over, or nobody can make
    /// any.
    pub async fn next(&mut self) -> Option<Ordered> {
        tokio::select! {
            biased;
            next = self.images.recv() => match next {
                Ok(thumbnail) => return Some(Ordered::Thumbnail(thumbnail)),
                Err(RecvError::Lagged(count)) => return Some(Ordered::Missed(count)),
                Err(RecvError::Closed) => return None,
            },
            // Nothing is put there after it was closed; an error says that the broadcast is gone.
            _ = self.is_closed.wait_for(|is_closed| *is_closed) => {}
        }
        match self.images.try_recv() {
            Ok(thumbnail) => Some(Ordered::Thumbnail(thumbnail)),
            Err(TryRecvError::Lagged(count)) => Some(Ordered::Missed(count)),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(width: u32, height: u32, pixel_aspect: (u32, u32), lines: Option<u32>) -> (u32, u32) {
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
        thumbnail_size(&video, lines)
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
            assert_eq!(of(width, height, pixel_aspect, Some(360)), expected, "{width}x{height}");
        }
    }

    #[test]
    fn no_shape_makes_a_long_or_an_empty_picture() {
        assert_eq!(of(16_384, 16, (1, 1), Some(360)), (1_440, 2));
        for lines in [Some(360), None] {
            assert_eq!(of(1, 1, (8, 1), lines), (2, 2));
            assert_eq!(of(0, 0, (0, 0), lines), (2, 2));
        }
        assert_eq!(of(u32::MAX, u32::MAX, (1, 1), None), (MOST_PIXELS, MOST_PIXELS));
    }

    #[test]
    fn without_a_number_of_lines_it_is_as_large_as_the_stream_is_shown() {
        for (width, height, pixel_aspect, expected) in [
            (1_920, 1_080, (1, 1), (1_920, 1_080)),
            (1_080, 1_920, (1, 1), (1_080, 1_920)),
            (1_440, 1_080, (4, 3), (1_440, 810)),
            (720, 576, (8, 9), (640, 576)),
        ] {
            assert_eq!(of(width, height, pixel_aspect, None), expected, "{width}x{height}");
        }
    }

    #[tokio::test]
    async fn a_reader_gets_each_that_is_made_from_then_on_and_is_told_what_it_missed() {
        let counter = Counter::new();
        let thumbnail = |number: i64| {
            let (jpeg, time, pts) = (Bytes::new(), std::time::UNIX_EPOCH, Ticks::new(number));
            Thumbnail { jpeg, width: 2, height: 2, pts, time }
        };
        counter.put(thumbnail(0));
        let mut reader = counter.reader();
        for number in 1..=19 {
            counter.put(thumbnail(number));
        }
        assert_eq!(reader.next().await, Some(Ordered::Missed(3)));
        for number in 4..=19 {
            assert_eq!(reader.next().await, Some(Ordered::Thumbnail(Arc::new(thumbnail(number)))));
        }
        counter.put(thumbnail(20));
        counter.close();
        assert_eq!(reader.next().await, Some(Ordered::Thumbnail(Arc::new(thumbnail(20)))));
        assert_eq!(reader.next().await, None);
        assert_eq!(counter.reader().next().await, None, "whoever comes later waits for nothing");
    }
}

//! Sizes: how large a picture is shown, which class that is, and how it is made smaller.
//!
//! Promise: what is made smaller keeps its shape, has even edges, and is never larger than it was, but for a picture
//! of less than two pixels, which no encoder takes.

use super::Input;

/// The longer edge of the widest picture whose lines are its shorter edge, for each line.
const WIDEST: f64 = 2.5;
/// Pixels longer than this, either way, are not believed.
const LONGEST_PIXEL: f64 = 4.0;
/// Longer to shorter edge of most pictures. What is nearly of this shape gets the sizes that everyone knows.
const USUAL: f64 = 16.0 / 9.0;
const NEARLY: f64 = 0.005;
/// What sums of fractions may lack of a whole number of pixels.
const SLACK: f64 = 1e-6;

/// A picture as it is shown, in square pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    width: f64,
    height: f64,
}

impl Shape {
    pub(super) fn of(input: &Input) -> Self {
        let (across, down) = input.pixel_aspect;
        let pixel = f64::from(across) / f64::from(down);
        let is_believed = (1.0 / LONGEST_PIXEL..=LONGEST_PIXEL).contains(&pixel);
        let stretch = if is_believed { pixel } else { 1.0 };
        Self { width: f64::from(input.width) * stretch, height: f64::from(input.height) }
    }

    /// What its class is told by: its shorter edge, or more if it is very wide.
    pub(super) fn lines(self) -> f64 {
        let (shorter, longer) = self.edges();
        shorter.max(longer / WIDEST)
    }

    /// Width and height in pixels of the same picture with no more lines than these.
    pub(super) fn within(self, lines: u32) -> (u32, u32) {
        let scale = (f64::from(lines) / self.lines()).min(1.0);
        let (shorter, longer) = self.edges();
        // What keeps its size keeps its shape, too.
        let is_usual = scale < 1.0 && (longer / (shorter * USUAL) - 1.0).abs() < NEARLY;
        let wanted = if is_usual { shorter * USUAL } else { longer };
        let longer = even_below(wanted * scale).min(even_below(longer));
        let shorter = nearest_even(shorter * scale).min(even_below(shorter));
        if self.width < self.height { (shorter, longer) } else { (longer, shorter) }
    }

    fn edges(self) -> (f64, f64) {
        (self.width.min(self.height), self.width.max(self.height))
    }
}

fn even_below(edge: f64) -> u32 {
    twice(((edge + SLACK) / 2.0).floor())
}

fn nearest_even(edge: f64) -> u32 {
    twice((edge / 2.0).round())
}

fn twice(half: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "edges are bounded by an input's"
    )]
    let half = half.clamp(1.0, f64::from(u32::MAX / 2)) as u32;
    half * 2
}

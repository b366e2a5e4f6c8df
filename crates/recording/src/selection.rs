//! Which renditions of a stream are recorded, and which of them thumbnails have the size of.
//!
//! Promise: whatever is asked for, a stream that has something to play gets at least one rendition, none twice, unless
//! none at all was asked for; the highest comes first.
//!
//! Source: IVS user guide, "Auto-Record to Amazon S3", "Discovering the Renditions of a Recording"; API reference,
//! RenditionConfiguration ("For BASIC channels, the CUSTOM value has no effect") and ThumbnailConfiguration ("if the
//! corresponding rendition is available during the stream; otherwise ... at source resolution").

use std::cmp::Reverse;
use std::ops::RangeInclusive;

use domain::{RecordedRendition, RecordingConfiguration, RenditionSelection, ThumbnailResolution};

/// A rendition that could be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its folder.
    pub name: String,
    /// Its shorter edge in pixels; `None` where it is sound alone.
    pub lines: Option<u32>,
    /// Pixels across; 0 where it is sound alone.
    pub width: u32,
    /// Pixels down; 0 where it is sound alone.
    pub height: u32,
    /// It is what came in.
    pub is_source: bool,
}

/// The places in `candidates` of those that are recorded, the highest first.
pub fn select(config: &RecordingConfiguration, is_basic: bool, candidates: &[Candidate]) -> Vec<usize> {
    let ranked = ranked(candidates);
    match config.rendition_selection {
        RenditionSelection::None => Vec::new(),
        RenditionSelection::Custom if !is_basic => {
            let wanted = config.renditions.iter().map(|class| Class::of_rendition(*class));
            // "Missing" is answered with the best there is, and so is an empty list, which the API refuses.
            let best = || ranked.first().copied();
            let mut chosen: Vec<usize> =
                wanted.filter_map(|class| class.choice(candidates, &ranked).or_else(best)).collect();
            chosen.extend(best().filter(|_| config.renditions.is_empty()));
            ranked.iter().copied().filter(|index| chosen.contains(index)).collect()
        }
        RenditionSelection::All | RenditionSelection::Custom => ranked,
    }
}

/// The shorter edge of the rendition whose size thumbnails have; `None`: that of the source.
pub fn thumbnail_lines(config: &RecordingConfiguration, candidates: &[Candidate]) -> Option<u32> {
    let class = Class::of_thumbnail(config.thumbnails.resolution?);
    let index = class.choice(candidates, &ranked(candidates))?;
    candidates.get(index)?.lines
}

/// All that can be recorded, the highest first: sound alone only of a stream that has no pictures.
fn ranked(candidates: &[Candidate]) -> Vec<usize> {
    let has_pictures = candidates.iter().any(|candidate| candidate.lines.is_some());
    let is_wanted = |index: &usize| candidates[*index].lines.is_some() == has_pictures;
    let mut ranked: Vec<usize> = (0..candidates.len()).filter(is_wanted).collect();
    ranked.sort_by_key(|index| {
        let Candidate { lines, width, height, is_source, .. } = &candidates[*index];
        (Reverse(*lines), Reverse(width.saturating_mul(*height)), !is_source)
    });
    ranked
}

/// A class of resolutions by the shorter edge.
#[derive(Clone, Copy, Debug)]
enum Class {
    Lowest,
    Sd,
    Hd,
    FullHd,
}

impl Class {
    fn of_rendition(rendition: RecordedRendition) -> Self {
        match rendition {
            RecordedRendition::LowestResolution => Self::Lowest,
            RecordedRendition::Sd => Self::Sd,
            RecordedRendition::Hd => Self::Hd,
            RecordedRendition::FullHd => Self::FullHd,
        }
    }

    fn of_thumbnail(resolution: ThumbnailResolution) -> Self {
        match resolution {
            ThumbnailResolution::LowestResolution => Self::Lowest,
            ThumbnailResolution::Sd => Self::Sd,
            ThumbnailResolution::Hd => Self::Hd,
            ThumbnailResolution::FullHd => Self::FullHd,
        }
    }

    fn lines(self) -> RangeInclusive<u32> {
        match self {
            Self::Lowest => 160..=360,
            Self::Sd => 361..=480,
            Self::Hd => 481..=720,
            Self::FullHd => 721..=1_080,
        }
    }

    /// The rendition that stands for this class: the highest in it, but the lowest of the lowest class.
    fn choice(self, candidates: &[Candidate], ranked: &[usize]) -> Option<usize> {
        let is_in =
            |index: &&usize| candidates[**index].lines.is_some_and(|lines| self.lines().contains(&lines));
        match self {
            Self::Lowest => ranked.iter().rfind(is_in).copied(),
            _ => ranked.iter().find(is_in).copied(),
        }
    }
}

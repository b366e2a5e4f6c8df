//! What `ffmpeg` is told: one input, one decode, an output for each rung's pictures, for each rate of sound, and for
//! small pictures.
//!
//! Promise: a function of the job and the configuration alone, so equal jobs are done alike.
//!
//! Each option is there because something failed without it. `-copyts`, no delays and no interleaving keep times and
//! give each picture as soon as it is coded; a short probe does not wait for pictures that tell what the header told
//! already; one thread of the decoder, as more of them hold pictures back; `passthrough` and a timebase of 1/90 000
//! keep the times of every picture, and so does the filter that only leaves out and never makes up.

use std::os::fd::RawFd;
use std::time::Duration;

use media::{AacParams, Tracks};

use super::clock::LEAD;
use super::outlet::Outlet;
use crate::{Config, Ladder, Picture, Sound, encoder, thumbnail};

/// Pixels of the largest picture that is decoded: those of 8192x4352. What says it is larger is refused by the decoder
/// before it takes memory for it.
const MOST_PIXELS: u32 = 8_192 * 4_352;

/// Half a tick, in seconds: times are compared as seconds there.
const HALF_TICK: f64 = 0.5 / 90_000.0;

/// The outlets that a ladder needs: the pictures of the rungs that have any, each rate of sound once, and small
/// pictures where there are pictures and an interval is set.
pub(super) fn outlets(config: &Config, ladder: &Ladder, tracks: &Tracks) -> Vec<Outlet> {
    let mut outlets = Vec::new();
    if tracks.video.is_some() {
        let rungs = ladder.rungs.iter().enumerate();
        let pictures = rungs.filter(|(_, rung)| rung.picture.is_some());
        outlets.extend(pictures.map(|(rung, _)| Outlet::Pictures(rung)));
        if config.thumbnail_interval > Duration::ZERO {
            outlets.push(Outlet::Thumbnails);
        }
    }
    if tracks.audio.is_some() {
        for rate in ladder.rungs.iter().filter_map(|rung| coded_rate(rung.sound)) {
            let outlet = Outlet::Sound(rate);
            if !outlets.contains(&outlet) {
                outlets.push(outlet);
            }
        }
    }
    outlets
}

/// Bits a second of sound that is coded here.
pub(super) fn coded_rate(sound: Sound) -> Option<u32> {
    match sound {
        Sound::Coded(rate) => Some(rate),
        Sound::None | Sound::Source => None,
    }
}

/// What is fed: tracks that no outlet needs are not.
pub(super) fn fed(outlets: &[Outlet], tracks: &Tracks) -> Tracks {
    let is_sound = |outlet: &Outlet| matches!(outlet, Outlet::Sound(_));
    Tracks {
        video: tracks.video.clone().filter(|_| !outlets.iter().all(is_sound)),
        audio: tracks.audio.clone().filter(|_| outlets.iter().any(is_sound)),
    }
}

/// The form of sound that is coded here: what came in, of two channels at most, in AAC-LC. HE-AAC has twice the
/// samples that its core is said to have.
pub(super) fn sound_form(source: &AacParams) -> (u32, u8) {
    const WITH_REPLICATED_BANDS: [u8; 2] = [5, 29];
    let doubled = if WITH_REPLICATED_BANDS.contains(&source.object_type) { 2 } else { 1 };
    let sample_rate = source.sample_rate.saturating_mul(doubled).min(48_000);
    (sample_rate, source.channels.clamp(1, 2))
}

/// What there is to do, as the program is told it.
pub(super) struct Orders<'a> {
    pub(super) config: &'a Config,
    pub(super) ladder: &'a Ladder,
    pub(super) tracks: &'a Tracks,
    /// There is a moment before which nothing is coded: it is at [`LEAD`] on the process's clock.
    pub(super) is_cut: bool,
    /// Each outlet and the number of its pipe.
    pub(super) outlets: &'a [(Outlet, RawFd)],
}

impl Orders<'_> {
    /// All arguments.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut words = strings("-hide_banner -nostdin -nostats -loglevel error -max_error_rate 1");
        words.extend(encoder::device(self.config));
        words.extend(strings(
            "-protocol_whitelist pipe -format_whitelist mov -codec_whitelist h264,aac -threads 1 -f mov \
             -probesize 32 -analyzeduration 1 -fpsprobesize 0 -copyts",
        ));
        words.extend(["-max_pixels".to_owned(), MOST_PIXELS.to_string()]);
        words.extend(strings("-i pipe:0 -filter_complex_threads 1"));
        if let Some(graph) = self.graph() {
            words.extend(["-filter_complex".to_owned(), graph]);
        }
        for (outlet, pipe) in self.outlets {
            words.extend(self.output(*outlet));
            words.extend(strings(
                "-map_metadata -1 -map_chapters -1 -flush_packets 1 -muxdelay 0 -muxpreload 0 \
                 -avoid_negative_ts disabled -omit_video_pes_length 0 -pes_payload_size 0 -f mpegts",
            ));
            words.push(format!("pipe:{pipe}"));
        }
        words
    }

    fn output(&self, outlet: Outlet) -> Vec<String> {
        match outlet {
            Outlet::Pictures(rung) => {
                let mut words = vec!["-map".to_owned(), format!("[rung{rung}]")];
                let picture = self.ladder.rungs.get(rung).and_then(|rung| rung.picture);
                words.extend(picture.iter().flat_map(|picture| encoder::options(self.config, picture)));
                words
            }
            Outlet::Sound(rate) => self.sound(rate),
            Outlet::Thumbnails => strings(
                "-map [thumbnail] -c:v mjpeg -q:v 4 -threads 1 -enc_time_base 1/90000 -fps_mode passthrough",
            ),
        }
    }

    fn sound(&self, rate: u32) -> Vec<String> {
        let mut words = strings("-map 0:a:0 -c:a aac -profile:a aac_low");
        words.extend(["-b:a".to_owned(), rate.to_string()]);
        if let Some(source) = &self.tracks.audio {
            let (sample_rate, channels) = sound_form(source);
            words.extend(["-ar", &sample_rate.to_string(), "-ac", &channels.to_string()].map(str::to_owned));
        }
        if self.is_cut {
            // Whole frames are left out, so what is coded keeps the grid of the source's.
            words.extend(["-af".to_owned(), format!("aselect='{}'", self.is_wanted())]);
        }
        words
    }

    /// From the decoded pictures to those of each rung.
    fn graph(&self) -> Option<String> {
        let pictures = |outlet: &Outlet| match outlet {
            Outlet::Pictures(rung) => self.ladder.rungs.get(*rung)?.picture.map(|picture| (*rung, picture)),
            Outlet::Sound(_) | Outlet::Thumbnails => None,
        };
        let rungs = || self.outlets.iter().filter_map(|(outlet, _)| pictures(outlet));
        let whole: Vec<_> = rungs().filter(|(_, picture)| !picture.is_halved).collect();
        let halved: Vec<_> = rungs().filter(|(_, picture)| picture.is_halved).collect();
        let has_thumbnails = self.outlets.iter().any(|(outlet, _)| *outlet == Outlet::Thumbnails);
        let whole = self.chains("a", &whole, has_thumbnails);
        let halved = self.chains("b", &halved, false);
        // Counted from each keyframe on, before anything is cut off: whoever takes over leaves out the same ones.
        let every_second = format!("'st(0,if(key,0,ld(0)+1));not(mod(ld(0),2))*{}'", self.is_wanted());
        let all = format!("'{}'", self.is_wanted());
        match (whole.is_empty(), halved.is_empty()) {
            (true, true) => None,
            (false, true) => Some(branch("[0:v:0]", &all, "a", &whole)),
            (true, false) => Some(branch("[0:v:0]", &every_second, "b", &halved)),
            (false, false) => {
                let whole = branch("[a]", &all, "a", &whole);
                let halved = branch("[b]", &every_second, "b", &halved);
                Some(format!("[0:v:0]split=2[a][b];{whole};{halved}"))
            }
        }
    }

    /// What becomes of a branch's pictures. The largest rung is scaled from the source, the others from it: that
    /// costs half as much as to begin with the source each time, and looks the same.
    fn chains(&self, name: &str, rungs: &[(usize, Picture)], has_thumbnails: bool) -> Vec<String> {
        let mut chains = Vec::new();
        let intake = encoder::intake(self.config);
        if let Some(((first, largest), others)) = rungs.split_first() {
            let pads: String = others.iter().map(|(rung, _)| format!("[{name}from{rung}]")).collect();
            let mut chain = format!(
                "{},split={}[{name}from{first}]{pads};[{name}from{first}]{intake}[rung{first}]",
                scale(largest),
                rungs.len()
            );
            for (rung, picture) in others {
                chain.push_str(&format!(";[{name}from{rung}]{},{intake}[rung{rung}]", scale(picture)));
            }
            chains.push(chain);
        }
        if has_thumbnails {
            chains.push(self.thumbnail());
        }
        chains
    }

    /// An expression: is a frame from the moment on that the job begins at?
    fn is_wanted(&self) -> String {
        if !self.is_cut {
            return "1".to_owned();
        }
        format!("gte(t,{:.7})", LEAD.as_secs_f64() - HALF_TICK)
    }

    fn thumbnail(&self) -> String {
        let size = match &self.tracks.video {
            Some(video) => thumbnail::size(video, self.config.thumbnail_lines),
            None => (2, 2),
        };
        let filter = thumbnail::filter(size);
        let interval = self.config.thumbnail_interval.as_secs_f64();
        let is_due = format!("key*(isnan(prev_selected_t)+gte(t-prev_selected_t,{interval:.3}))");
        format!("select='{is_due}',{filter}[thumbnail]")
    }
}

/// Pictures of a rung's size, of square pixels.
fn scale(picture: &Picture) -> String {
    format!("scale={}:{}:flags=bicubic,setsar=1", picture.width, picture.height)
}

/// Frames that are selected, once for each of these chains.
fn branch(from: &str, selected: &str, name: &str, chains: &[String]) -> String {
    let select = if selected == "'1'" { "null".to_owned() } else { format!("select={selected}") };
    let pads: String = (0..chains.len()).map(|index| format!("[{name}{index}]")).collect();
    let mut graph = format!("{from}{select},split={}{pads}", chains.len());
    for (index, chain) in chains.iter().enumerate() {
        graph.push_str(&format!(";[{name}{index}]{chain}"));
    }
    graph
}

fn strings(words: &str) -> Vec<String> {
    words.split_ascii_whitespace().map(str::to_owned).collect()
}

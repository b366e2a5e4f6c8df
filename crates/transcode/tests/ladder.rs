//! Which renditions a stream has: the user guide's tables, and what was settled where they are silent.
//!
//! Promise: what viewers are offered changes only when a line here does.

use domain::{ChannelType, Preset};
use live::RenditionSound;
use proptest::prelude::*;
use transcode::{Input, Ladder, Rung, Sound};

use ChannelType::{AdvancedHd, AdvancedSd, Basic, Standard};

const CONSTRAINED: Option<Preset> = Some(Preset::ConstrainedBandwidth);

fn input(width: u32, height: u32, frame_rate: f64) -> Input {
    Input { width, height, pixel_aspect: (1, 1), frame_rate, has_sound: true }
}

/// One rung as a line: its name, size, pictures a second, kilobits of pictures and of sound.
fn line(rung: &Rung) -> String {
    let sound = match rung.sound {
        Sound::None => "silent".to_owned(),
        Sound::Source => "src".to_owned(),
        Sound::Coded(rate) => (rate / 1000).to_string(),
    };
    rung.picture.map_or_else(
        || format!("{} {sound}", rung.name),
        |picture| {
            let (width, height, rate) = (picture.width, picture.height, picture.frame_rate);
            format!("{} {width}x{height}@{rate} {}/{sound}", rung.name, picture.bit_rate / 1000)
        },
    )
}

fn told(ladder: &Ladder) -> Vec<String> {
    let source = ladder.offers_source.then(|| "source".to_owned());
    source.into_iter().chain(ladder.rungs.iter().map(line)).collect()
}

fn standard(width: u32, height: u32, frame_rate: f64) -> Vec<String> {
    told(&Ladder::of(Standard, None, &input(width, height, frame_rate)))
}

fn advanced(channel_type: ChannelType, preset: Option<Preset>, input: &Input) -> Vec<String> {
    told(&Ladder::of(channel_type, preset, input))
}

fn best(told: &[String]) -> &str {
    told.first().expect("a ladder has something to offer")
}

#[test]
fn basic_passes_through_whatever_comes() {
    for input in [input(1920, 1080, 60.0), input(640, 360, 30.0)] {
        assert_eq!(Ladder::of(Basic, None, &input), Ladder::passed_through());
    }
}

#[test]
fn standard_offers_a_large_source_beside_its_rungs() {
    let slow = [
        "source",
        "720p30 1280x720@30 2400/src",
        "480p30 852x480@30 1400/src",
        "360p30 640x360@30 630/64",
        "160p30 284x160@30 230/48",
    ];
    assert_eq!(standard(1920, 1080, 30.0), slow);
    assert_eq!(standard(1600, 900, 30.0), slow);
    let fast = [
        "source",
        "720p60 1280x720@60 3400/src",
        "480p30 852x480@30 1400/src",
        "360p30 640x360@30 630/64",
        "160p30 284x160@30 230/48",
    ];
    assert_eq!(standard(1920, 1080, 60.0), fast);
    assert_eq!(standard(2560, 1440, 60.0), fast);
}

#[test]
fn standard_codes_a_source_of_720p_and_less_anew() {
    let small = ["480p30 852x480@30 1400/src", "360p30 640x360@30 630/64", "160p30 284x160@30 230/48"];
    let fast = standard(1280, 720, 60.0);
    assert_eq!(best(&fast), "720p60 1280x720@60 3400/src");
    assert_eq!(fast.get(1..), Some(small.map(str::to_owned).as_slice()));
    let slow = standard(1280, 720, 30.0);
    assert_eq!(best(&slow), "720p30 1280x720@30 2400/src");
    assert_eq!(slow.get(1..), fast.get(1..));
    assert_eq!(standard(960, 540, 30.0), small);
    assert_eq!(standard(852, 480, 30.0), small);
}

#[test]
fn standard_passes_what_is_less_than_480p_through_beside_smaller_rungs() {
    assert_eq!(standard(720, 406, 30.0), ["source", "360p30 640x360@30 630/64", "160p30 284x160@30 230/48"]);
    assert_eq!(standard(640, 360, 30.0), ["source", "160p30 284x160@30 230/48"]);
    assert_eq!(standard(284, 160, 30.0), ["source"]);
    assert_eq!(standard(2, 2, 30.0), ["source"]);
}

#[test]
fn advanced_hd_has_at_most_720p_and_sound_alone() {
    assert_eq!(
        advanced(AdvancedHd, None, &input(1920, 1080, 60.0)),
        [
            "720p60 1280x720@60 3000/128",
            "480p30 852x480@30 1300/128",
            "360p30 640x360@30 700/64",
            "160p30 284x160@30 270/48",
            "audio_only 64",
        ]
    );
    let slow = advanced(AdvancedHd, None, &input(1280, 720, 30.0));
    assert_eq!(best(&slow), "720p30 1280x720@30 2300/128");
    assert_eq!(
        advanced(AdvancedHd, CONSTRAINED, &input(1280, 720, 60.0)),
        [
            "720p60 1280x720@60 2200/128",
            "480p30 852x480@30 800/128",
            "360p30 640x360@30 400/64",
            "160p30 284x160@30 220/48",
            "audio_only 64",
        ]
    );
    let constrained = advanced(AdvancedHd, CONSTRAINED, &input(1920, 1080, 30.0));
    assert_eq!(best(&constrained), "720p30 1280x720@30 1900/128");
}

#[test]
fn advanced_hd_codes_a_source_between_480p_and_720p_in_its_own_size() {
    for rate in [30.0, 60.0] {
        let told = advanced(AdvancedHd, None, &input(960, 540, rate));
        assert_eq!(best(&told), "540p30 960x540@30 2300/128");
        assert_eq!(told.get(1).map(String::as_str), Some("480p30 852x480@30 1300/128"));
        let told = advanced(AdvancedHd, CONSTRAINED, &input(960, 540, rate));
        assert_eq!(best(&told), "540p30 960x540@30 1900/128");
    }
}

#[test]
fn advanced_sd_has_at_most_480p() {
    let sizes = [(1920, 1080, 60.0), (1280, 720, 30.0), (960, 540, 30.0), (852, 480, 30.0)];
    for (width, height, rate) in sizes {
        assert_eq!(
            advanced(AdvancedSd, None, &input(width, height, rate)),
            [
                "480p30 852x480@30 1300/128",
                "360p30 640x360@30 700/64",
                "160p30 284x160@30 270/48",
                "audio_only 64",
            ]
        );
    }
    let constrained = advanced(AdvancedSd, CONSTRAINED, &input(1920, 1080, 30.0));
    assert_eq!(best(&constrained), "480p30 852x480@30 800/128");
}

#[test]
fn advanced_codes_small_sources_in_their_own_size() {
    let of = |width, height, rate| advanced(AdvancedSd, None, &input(width, height, rate));
    assert_eq!(
        of(720, 406, 30.0),
        [
            "406p30 720x406@30 1300/128",
            "360p30 640x360@30 700/64",
            "160p30 284x160@30 270/48",
            "audio_only 64"
        ]
    );
    assert_eq!(of(640, 360, 30.0), ["360p30 640x360@30 700/64", "160p30 284x160@30 270/48", "audio_only 64"]);
    assert_eq!(of(176, 144, 15.0), ["144p30 176x144@15 270/48", "audio_only 64"]);
    assert_eq!(of(16, 16, 15.0), ["source", "audio_only 64"]);
}

#[test]
fn portrait_pictures_have_the_same_rungs_with_their_edges_swapped() {
    assert_eq!(
        standard(1080, 1920, 30.0),
        [
            "source",
            "720p30 720x1280@30 2400/src",
            "480p30 480x852@30 1400/src",
            "360p30 360x640@30 630/64",
            "160p30 160x284@30 230/48",
        ]
    );
}

fn sizes(input: &Input) -> Vec<(u32, u32)> {
    let ladder = Ladder::of(Standard, None, input);
    ladder.rungs.iter().filter_map(|rung| rung.picture).map(|p| (p.width, p.height)).collect()
}

#[test]
fn pictures_of_other_shapes_keep_them() {
    let of = |width, height| sizes(&input(width, height, 30.0));
    assert_eq!(of(1440, 1080), [(960, 720), (640, 480), (480, 360), (212, 160)]);
    assert_eq!(of(1080, 1080), [(720, 720), (480, 480), (360, 360), (160, 160)]);
    assert_eq!(of(2560, 1080), [(1706, 720), (1136, 480), (852, 360), (378, 160)]);
    // Nearly 16:9 is as good as that.
    assert_eq!(of(852, 480), [(852, 480), (640, 360), (284, 160)]);
    assert_eq!(of(854, 480), [(854, 480), (640, 360), (284, 160)]);
    assert_eq!(of(1366, 768), [(1280, 720), (852, 480), (640, 360), (284, 160)]);
}

#[test]
fn a_banner_has_no_more_pixels_than_its_class_allows() {
    let banner = sizes(&input(3840, 1080, 30.0));
    assert_eq!(banner, [(1800, 506), (1200, 338), (900, 254), (400, 112)]);
}

#[test]
fn pixels_that_are_not_square_are_made_square() {
    let wide = Input { pixel_aspect: (4, 3), ..input(1440, 1080, 30.0) };
    assert_eq!(sizes(&wide), [(1280, 720), (852, 480), (640, 360), (284, 160)]);
    let pal = Input { pixel_aspect: (64, 45), ..input(720, 576, 25.0) };
    assert_eq!(sizes(&pal), [(852, 480), (640, 360), (284, 160)]);
}

#[test]
fn pixels_of_nonsense_are_taken_for_square() {
    for pixel_aspect in [(0, 0), (1, 0), (0, 1), (1, 65_535), (u32::MAX, 1)] {
        let odd = Input { pixel_aspect, ..input(1920, 1080, 30.0) };
        assert_eq!(sizes(&odd), sizes(&input(1920, 1080, 30.0)));
    }
}

#[test]
fn a_picture_that_lacks_a_few_lines_of_a_class_is_of_it() {
    assert_eq!(
        standard(1280, 712, 30.0),
        [
            "720p30 1280x712@30 2400/src",
            "480p30 862x480@30 1400/src",
            "360p30 646x360@30 630/64",
            "160p30 286x160@30 230/48",
        ]
    );
    assert_eq!(best(&standard(1280, 728, 30.0)), "720p30 1264x720@30 2400/src");
}

#[test]
fn odd_edges_become_even() {
    assert_eq!(best(&standard(853, 481, 30.0)), "480p30 852x480@30 1400/src");
    let own = advanced(AdvancedHd, None, &input(961, 541, 30.0));
    assert_eq!(best(&own), "540p30 960x540@30 2300/128");
}

#[test]
fn frame_rates_of_45_and_more_are_halved_where_the_class_is_30() {
    let rates = |rate: f64| -> Vec<_> {
        let ladder = Ladder::of(Standard, None, &input(1280, 720, rate));
        let named = |rung: &Rung| Some((rung.name.clone(), rung.picture?.frame_rate));
        ladder.rungs.iter().take(2).filter_map(named).collect()
    };
    let named =
        |top: &str, first: f64, second: f64| vec![(top.to_owned(), first), ("480p30".to_owned(), second)];
    assert_eq!(rates(60.0), named("720p60", 60.0, 30.0));
    assert_eq!(rates(50.0), named("720p60", 50.0, 25.0));
    assert_eq!(rates(48.0), named("720p60", 48.0, 24.0));
    for slow in [10.0, 15.0, 24.0, 25.0, 29.97, 30.0, 40.0] {
        assert_eq!(rates(slow), named("720p30", slow, slow));
    }
    for unknown in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(rates(unknown), named("720p30", 30.0, 30.0));
    }
}

#[test]
fn names_keep_the_tables_rates_and_labels_tell_the_true_ones() {
    let labels = |rate: f64| -> Vec<_> {
        let ladder = Ladder::of(Standard, None, &input(1920, 1080, rate));
        ladder.rungs.into_iter().map(|rung| (rung.name, rung.label)).collect()
    };
    let with = |top: (&str, &str)| -> Vec<_> {
        let all = [top, ("480p30", "480p"), ("360p30", "360p"), ("160p30", "160p")];
        all.map(|(name, label)| (name.to_owned(), label.to_owned())).to_vec()
    };
    assert_eq!(labels(60.0), with(("720p60", "720p60")));
    assert_eq!(labels(59.94), with(("720p60", "720p60")));
    assert_eq!(labels(50.0), with(("720p60", "720p50")));
    assert_eq!(labels(25.0), with(("720p30", "720p")));
}

#[test]
fn without_sound_there_is_none_anywhere_and_no_rendition_of_sound_alone() {
    for channel_type in [Standard, AdvancedHd, AdvancedSd] {
        let silent = Input { has_sound: false, ..input(1920, 1080, 30.0) };
        let ladder = Ladder::of(channel_type, None, &silent);
        assert!(ladder.rungs.iter().all(|rung| rung.sound == Sound::None && rung.picture.is_some()));
    }
}

#[test]
fn viewers_are_told_whose_sound_it_is_and_which_rate_differs() {
    let ladder = Ladder::of(Standard, None, &input(1920, 1080, 60.0));
    let terms: Vec<_> = ladder.rungs.iter().map(|rung| rung.terms(160_000)).collect();
    let told: Vec<_> = terms.iter().map(|terms| (terms.lines, terms.frame_rate, terms.sound)).collect();
    assert_eq!(
        told,
        [
            (Some(720), None, RenditionSound::Source),
            (Some(480), Some(30.0), RenditionSound::Source),
            (Some(360), Some(30.0), RenditionSound::Own),
            (Some(160), Some(30.0), RenditionSound::Own),
        ]
    );
    let bandwidths: Vec<_> = terms.iter().map(|terms| terms.bandwidth).collect();
    assert_eq!(bandwidths, [3_766_000, 1_666_000, 751_900, 314_300]);
}

#[test]
fn other_pictures_in_mid_stream_keep_the_rungs_and_never_enlarge() {
    let ladder = Ladder::of(Standard, None, &input(1920, 1080, 60.0));
    assert_eq!(
        told(&ladder.refit(&input(640, 360, 25.0))),
        [
            "source",
            "720p60 640x360@25 3400/src",
            "480p30 640x360@25 1400/src",
            "360p30 640x360@25 630/64",
            "160p30 284x160@25 230/48",
        ]
    );
    let portrait = ladder.refit(&input(1080, 1920, 60.0));
    assert_eq!(portrait.rungs.first().map(line).as_deref(), Some("720p60 720x1280@60 3400/src"));
    assert_eq!(ladder.refit(&input(1920, 1080, 60.0)), ladder);
}

#[test]
fn sound_that_comes_later_is_the_sources_where_none_was_told_of() {
    let heard = input(1920, 1080, 30.0);
    let silent = Input { has_sound: false, ..heard };
    let gained = Ladder::of(Standard, None, &silent).refit(&heard);
    assert!(gained.rungs.iter().all(|rung| rung.sound == Sound::Source));
    let lost = Ladder::of(AdvancedHd, None, &heard).refit(&silent);
    assert!(lost.rungs.iter().all(|rung| rung.sound == Sound::None));
}

#[test]
fn with_little_room_the_largest_rungs_go_and_the_source_is_offered() {
    let ladder = Ladder::of(AdvancedHd, None, &input(1920, 1080, 30.0));
    let whole = ladder.pixels();
    assert_eq!(whole, 30 * (1280 * 720 + 852 * 480 + 640 * 360 + 284 * 160));
    assert_eq!(ladder.clone().within(whole), ladder);
    assert_eq!(
        told(&ladder.clone().within(whole - 1)),
        [
            "source",
            "480p30 852x480@30 1300/128",
            "360p30 640x360@30 700/64",
            "160p30 284x160@30 270/48",
            "audio_only 64",
        ]
    );
    assert_eq!(told(&ladder.within(0)), ["source", "audio_only 64"]);
}

fn channels() -> impl Strategy<Value = (ChannelType, Option<Preset>)> {
    let types = prop::sample::select(vec![Basic, Standard, AdvancedHd, AdvancedSd]);
    let presets = prop::sample::select(vec![None, Some(Preset::HigherBandwidth), CONSTRAINED]);
    (types, presets)
}

fn inputs() -> impl Strategy<Value = Input> {
    let edge = || prop_oneof![1_u32..=8192, 120_u32..=2000];
    let pixels = prop_oneof![Just((1, 1)), (1_u32..=100, 1_u32..=100)];
    (edge(), edge(), pixels, 1.0..240.0_f64, any::<bool>()).prop_map(
        |(width, height, pixel_aspect, frame_rate, has_sound)| Input {
            width,
            height,
            pixel_aspect,
            frame_rate,
            has_sound,
        },
    )
}

/// Width and height as shown, in square pixels.
fn shown(input: &Input) -> (f64, f64) {
    let pixel = f64::from(input.pixel_aspect.0) / f64::from(input.pixel_aspect.1);
    let stretch = if (0.25..=4.0).contains(&pixel) { pixel } else { 1.0 };
    (f64::from(input.width) * stretch, f64::from(input.height))
}

fn names(ladder: &Ladder) -> Vec<&str> {
    ladder.rungs.iter().map(|rung| rung.name.as_str()).collect()
}

proptest! {
    #[test]
    fn a_rung_has_the_shape_of_what_comes_in_and_is_no_larger(
        (channel_type, preset) in channels(), input in inputs(),
    ) {
        let ladder = Ladder::of(channel_type, preset, &input);
        let (width, height) = shown(&input);
        for picture in ladder.rungs.iter().filter_map(|rung| rung.picture) {
            let (across, down) = (f64::from(picture.width), f64::from(picture.height));
            prop_assert!(picture.width % 2 == 0 && picture.height % 2 == 0);
            prop_assert!(across <= width + 0.001 && down <= height + 0.001);
            prop_assert!(picture.frame_rate <= input.frame_rate);
            let stretched = (across / down) / (width / height);
            prop_assert!((0.98..=1.02).contains(&stretched), "{picture:?} is stretched by {stretched}");
        }
    }

    #[test]
    fn a_ladder_descends_and_its_rungs_are_told_apart(
        (channel_type, preset) in channels(), input in inputs(),
    ) {
        let ladder = Ladder::of(channel_type, preset, &input);
        prop_assert!(ladder.offers_source || ladder.pixels() > 0);
        for pair in ladder.rungs.windows(2) {
            let [better, worse] = pair else { continue };
            prop_assert!(better.pixels() > worse.pixels());
            prop_assert!(better.terms(128_000).bandwidth > worse.terms(128_000).bandwidth);
        }
        let mut names = names(&ladder);
        for name in &names {
            prop_assert!(!name.is_empty());
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        }
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), ladder.rungs.len());
    }

    #[test]
    fn a_refitted_ladder_is_never_larger_than_what_comes_in(
        (channel_type, preset) in channels(), first in inputs(), then in inputs(),
    ) {
        let ladder = Ladder::of(channel_type, preset, &first);
        let refitted = ladder.refit(&then);
        let (width, height) = shown(&then);
        prop_assert_eq!(names(&ladder), names(&refitted));
        for picture in refitted.rungs.iter().filter_map(|rung| rung.picture) {
            prop_assert!(picture.width % 2 == 0 && picture.height % 2 == 0);
            prop_assert!(picture.width >= 2 && picture.height >= 2);
            prop_assert!(f64::from(picture.width) <= width.max(2.0) + 0.001);
            prop_assert!(f64::from(picture.height) <= height.max(2.0) + 0.001);
        }
        for (before, after) in ladder.rungs.iter().zip(&refitted.rungs) {
            let rate = |rung: &Rung| rung.picture.map(|picture| picture.bit_rate);
            prop_assert_eq!(rate(before), rate(after));
        }
    }

    #[test]
    fn what_is_left_within_some_room_fits_it(
        (channel_type, preset) in channels(), input in inputs(), room in 0..200_000_000_u64,
    ) {
        let left = Ladder::of(channel_type, preset, &input).within(room);
        prop_assert!(left.pixels() <= room);
        prop_assert!(left.offers_source || left.pixels() > 0);
    }
}

//! What playlists cost, from the first hour to the last of the two days that a recording may have.
//!
//! Promise: two days pass in no time: nothing here waits for a clock.

use std::time::Duration;

use domain::ContainerFormat;
use media::Ticks;
use recording::layout;
use recording::listing::{Listing, Playlist};
use recording::playlist::Form;
use recording::tape::InitFile;
use tokio::time::Instant;

use crate::house::{House, chunk, header};

const HOURS: usize = 48;
const CHUNKS_AN_HOUR: u64 = 360;

/// Bytes of playlists written in each hour, where each chunk of each rendition has so many bytes; and those that were
/// written last.
fn written(renditions: usize, bytes: u64) -> (Vec<u64>, u64) {
    let header = header(renditions);
    let mut listing = Listing::new("nowhere".into(), &header, 14);
    let (begin, mut hours) = (Instant::now(), vec![0; HOURS]);
    let every = Duration::from_secs(10);
    let (mut now, mut last) = (begin, 0);
    for (hour, written) in (0..).zip(&mut hours) {
        for number in hour * CHUNKS_AN_HOUR..(hour + 1) * CHUNKS_AN_HOUR {
            now += every;
            let chunk = chunk(&header, number, bytes);
            let lines = listing.lines(&chunk);
            listing.add(&chunk, &lines, Some(bytes * renditions as u64), now);
            if listing.due_at().is_some_and(|due| due <= now) {
                last = listing.playlists(false).iter().map(Playlist::bytes).sum();
                *written += last;
                listing.listed(now);
            }
        }
    }
    (hours, last)
}

#[test]
fn playlists_of_two_days_cost_a_tenth_of_the_media_at_most_however_long_they_are() {
    for (renditions, bytes) in [(1, 10_000_000), (4, 2_000_000), (4, 300_000), (1, 80_000)] {
        let (hours, last) = written(renditions, bytes);
        let media = CHUNKS_AN_HOUR * bytes * renditions as u64;
        let slow = 3_600 * 16 * 1_024;
        // One time that is paid for by the hour before is beside the rule.
        let most = (media / 10).max(slow) + last;
        println!("{renditions} renditions of {bytes} bytes a chunk: {hours:?}, at most {most}");
        assert!(hours.iter().all(|written| (1..=most).contains(written)), "{hours:?}, at most {most}");
    }
}

#[tokio::test]
async fn lines_that_were_written_half_are_written_again_where_they_belong() {
    let house = House::on_disk(1);
    let mut listing = Listing::new(house.tape().join("scratch"), &house.header, 14);
    for number in 0..3 {
        let chunk = chunk(&house.header, number, 5_000);
        let lines = std::sync::Arc::new(listing.lines(&chunk));
        for _ in 0..2 {
            std::sync::Arc::clone(&lines).write().await.expect("room");
        }
        listing.add(&chunk, &lines, Some(1), Instant::now());
    }
    let playlist = listing.playlists(true).into_iter().next().expect("playlists");
    let put =
        house.direct.put_blocks("films", "list", playlist.blocks, "text/plain", blob::Patience::default());
    put.await.expect("room");
    let found = house.direct.get("films", "list").await.expect("readable").expect("there");
    let text = String::from_utf8(found.into()).expect("text");
    let names: Vec<_> = text.lines().filter(|line| line.ends_with(".ts")).collect();
    assert_eq!(names, ["0.ts", "1.ts", "2.ts"]);
    assert!(
        text.contains("#EXT-X-TWITCH-TOTAL-SECS:30.000\n") && text.ends_with("#EXT-X-ENDLIST\n"),
        "{text}"
    );
}

#[test]
fn an_initialisation_section_is_named_where_it_changes_and_nowhere_else() {
    let mut header = header(1);
    header.container = ContainerFormat::FragmentedMp4;
    let mut listing = Listing::new("nowhere".into(), &header, 14);
    let mut named = Vec::new();
    for (number, init) in [(0, Some(0)), (1, Some(0)), (2, None), (3, Some(0)), (4, Some(1)), (5, Some(1))] {
        let mut chunk = chunk(&header, number, 5_000);
        match init {
            Some(number) => {
                chunk.files[0].as_mut().expect("a file").init = Some(InitFile { number, parcel: None });
            }
            None => chunk.files[0] = None,
        }
        let lines = listing.lines(&chunk);
        let text = format!("{lines:?}");
        named.push((0..2).filter(|number| text.contains(&layout::init_name(*number))).collect::<Vec<_>>());
        listing.add(&chunk, &lines, Some(1), Instant::now());
    }
    let none = Vec::new;
    assert_eq!(named, [vec![0], none(), none(), none(), vec![1], none()]);
}

#[test]
fn the_target_is_never_less_than_it_was_nor_than_the_longest_chunk() {
    let header = header(1);
    let mut listing = Listing::new("nowhere".into(), &header, 14);
    for (length, told, target) in [(10_000, 0, 14), (16_600, 0, 17), (10_000, 15, 17), (10_000, 20, 20)] {
        listing.raise_target(told);
        let mut chunk = chunk(&header, 0, 5_000);
        chunk.duration = Ticks::from_millis(length);
        let lines = listing.lines(&chunk);
        listing.add(&chunk, &lines, None, Instant::now());
        for playlist in listing.playlists(false).iter().filter(|playlist| !playlist.is_master) {
            let text = format!("{:?}", playlist.blocks);
            assert!(text.contains(&format!("TARGETDURATION:{target}\\n")), "{text}");
        }
    }
}

#[test]
fn at_the_end_multivariants_tell_what_was_measured() {
    let header = header(1);
    let mut listing = Listing::new("nowhere".into(), &header, 14);
    for (number, bytes) in [(0, 100_000), (1, 250_000), (2, 200_000)] {
        let chunk = chunk(&header, number, bytes);
        let lines = listing.lines(&chunk);
        listing.add(&chunk, &lines, Some(bytes), Instant::now());
    }
    let masters = |listing: &Listing, is_end| -> Vec<String> {
        let playlists = listing.playlists(is_end).into_iter().filter(|playlist| playlist.is_master);
        playlists.map(|playlist| format!("{:?}", playlist.blocks)).collect()
    };
    assert!(masters(&listing, false).iter().all(|text| text.contains("BANDWIDTH=1000000,")));
    listing.listed(Instant::now());
    assert_eq!(masters(&listing, false).len(), 0, "they stay as they are until then");
    let last = masters(&listing, true);
    assert!(
        last.len() == Form::ALL.len() && last.iter().all(|text| text.contains("BANDWIDTH=200000,")),
        "{last:?}"
    );
}

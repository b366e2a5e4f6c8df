//! Times and keyframes of what comes out are those of what went in.

use std::time::Duration;

use testkit::Film;

use super::*;

const LENGTH: Duration = Duration::from_millis(2_100);

fn film(frame_rate: (u32, u32), gop: u32, b_frames: u32) -> Film {
    let start = Ticks::new(8_000_000_123);
    Film { width: 320, height: 180, frame_rate, gop, b_frames, start, ..Film::default() }
}

#[tokio::test]
async fn every_rung_has_the_pictures_times_and_keyframes_of_the_source() {
    let rates = [(25, 1), (30_000, 1_001), (30, 1), (50, 1), (60, 1), (15, 1)];
    for (index, frame_rate) in (0..).zip(rates) {
        let film = film(frame_rate, [17, 31, 30, 47, 60, 1][index], [0, 2, 1, 2, 3, 0][index]);
        let rungs = vec![
            rung(180, false, Sound::Source),
            rung(144, true, Sound::Source),
            rung(90, false, Sound::Coded(64_000)),
        ];
        let made = work(&config(), &job(&film, rungs), &film.frames(LENGTH)).await;
        made.ended.as_ref().expect("it finished");
        let wanted = times(&film.pictures(LENGTH));
        assert_eq!(made.picture_times(0), wanted, "{frame_rate:?}");
        assert_eq!(made.picture_times(1), halved(&wanted), "{frame_rate:?}");
        assert_eq!(made.picture_times(2), wanted, "{frame_rate:?}");
        let shape = made.rungs[1].tracks[0].video.as_ref().map(|video| (video.width, video.height));
        assert_eq!(shape, Some((256, 144)));
        assert!(made.rungs.iter().all(|rung| rung.tracks.len() == 1));
    }
}

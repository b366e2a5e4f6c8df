//! Times and keyframes of what comes out are those of what went in.

use std::time::Duration;

use testkit::Film;

use super::content::{job_on, shoot};
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

#[tokio::test]
async fn keyframes_of_open_groups_are_keyframes_of_every_rung() {
    let (tracks, frames) = shoot(
        "-f lavfi -i testsrc2=s=320x180:r=60:d=2 -c:v libx264 -pix_fmt yuv420p \
         -x264-params open-gop=1:bframes=2:b-pyramid=strict:keyint=25:min-keyint=25:scenecut=0",
    );
    let rungs = vec![rung(90, false, Sound::None), rung(90, true, Sound::None)];
    let made = work(&config(), &job_on(&tracks, rungs), &frames).await;
    made.ended.as_ref().expect("it finished");
    let wanted = times(&frames);
    assert!(wanted.iter().filter(|(_, is_key)| *is_key).count() > 3, "the film has such groups");
    assert_eq!(made.picture_times(0), wanted);
    assert_eq!(made.picture_times(1), halved(&wanted));
}

//! An independent decoder's reading of what the packager makes.

use std::fs::File;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use live::{Text, TextSource};
use packager::Segmenter;
use testkit::Film;

fn said() -> Text {
    Text { text: "between the pictures".into(), source: TextSource::Api }
}

#[test]
fn ffmpeg_decodes_every_picture_of_every_part_without_a_word() {
    for (frame_rate, b_frames, sample_rate) in [((30, 1), 2, 44_100), ((60_000, 1_001), 0, 48_000)] {
        let film = Film { frame_rate, b_frames, sample_rate, gop: 60, ..Film::default() };
        let length = Duration::from_secs(8);
        let mut segmenter = Segmenter::new(Duration::from_millis(200));
        segmenter.tracks(Arc::new(film.tracks()));
        for (number, frame) in film.frames(length).into_iter().enumerate() {
            segmenter.frame(frame, SystemTime::UNIX_EPOCH);
            // Events stand before the media, where a reader that does not know them must pass them over.
            if number % 50 == 0 {
                assert!(segmenter.metadata(said()));
            }
        }
        segmenter.end();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("film.mp4");
        let mut file = File::create(&path).expect("a new file");
        let mut is_begun = false;
        while let Some(cut) = segmenter.next_cut() {
            if !is_begun {
                file.write_all(&cut.heading.init.data).expect("room on the disk");
                is_begun = true;
            }
            cut.part.iter().for_each(|part| file.write_all(&part.data).expect("room on the disk"));
        }
        let output = Command::new("ffprobe")
            .args(["-v", "warning", "-count_frames", "-select_streams", "v", "-show_entries"])
            .args(["stream=nb_read_frames", "-of", "csv=p=0"])
            .arg(&path)
            .output()
            .expect("ffprobe is installed");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let count = String::from_utf8_lossy(&output.stdout).trim().parse();
        assert_eq!(count, Ok(film.pictures(length).len()));
    }
}

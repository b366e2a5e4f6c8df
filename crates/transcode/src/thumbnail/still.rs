//! One keyframe in, one JPEG image out.
//!
//! Promise: the process is gone when this returns; it has [`LONGEST`] and [`LARGEST`], and nothing of what it writes is
//! believed: what is no image of the size that was asked for is none at all.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use live::Thumbnail;
use media::Ticks;
use media::fmp4::{Fragment, Sample, init_segment};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Key;
use super::size::{filter, size};
use crate::jpeg::jpeg_size;
use crate::worker::LastWords;
use crate::{Config, Confinement, Error};

/// The whole time that one may take.
const LONGEST: Duration = Duration::from_secs(5);
/// The largest image, in bytes.
const LARGEST: u64 = 4 << 20;

/// A small picture of this keyframe; `None` at shutdown.
pub(super) async fn make(
    config: &Config,
    confinement: &Confinement,
    key: &Key,
    shutdown: &CancellationToken,
) -> Result<Option<Thumbnail>, Error> {
    let Some(video) = &key.tracks.video else { return Err(Error::NoPicture) };
    let wanted = size(video, config.thumbnail_lines);
    let film = film(key).ok_or(Error::NoPicture)?;
    let mut command = Command::from(confinement.command(&config.ffmpeg));
    command.args(arguments(&filter(wanted))).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = || config.ffmpeg.display().to_string();
    let mut child = command.spawn().map_err(|cause| Error::Program { program: program(), cause })?;
    let made = shutdown.run_until_cancelled(timeout(LONGEST, image(&mut child, &film))).await;
    // It is waited for as well; an error means that it is gone already.
    let _ = child.kill().await;
    let Some(made) = made else { return Ok(None) };
    let jpeg = made.unwrap_or(Err(Error::Late))?;
    let (width, height) = jpeg_size(&jpeg).filter(|size| *size == wanted).ok_or(Error::NoPicture)?;
    Ok(Some(Thumbnail { jpeg, width, height, pts: key.frame.pts, time: SystemTime::now() }))
}

/// A film of one picture.
fn film(key: &Key) -> Option<Bytes> {
    let duration = u32::try_from(Ticks::PER_SECOND).unwrap_or(u32::MAX);
    let picture = Sample { duration, composition: 0, keyframe: true, data: key.frame.data.clone() };
    let video = std::slice::from_ref(&picture);
    let fragment = Fragment { sequence: 1, events: &[], video_time: 0, video, audio_time: 0, audio: &[] };
    let tracks = media::Tracks { video: key.tracks.video.clone(), audio: None };
    let fragment = fragment.encode().ok()?;
    Some([init_segment(&tracks), fragment].concat().into())
}

fn arguments(filter: &str) -> Vec<&str> {
    let mut words: Vec<&str> = "-hide_banner -nostdin -loglevel error -threads 1 -filter_threads 1 \
        -protocol_whitelist pipe -max_pixels 35651584 -f mov -i pipe:0 -map 0:v:0 -frames:v 1 -c:v mjpeg -threads 1 -q:v 4 \
        -flags:v +bitexact -vf"
        .split_ascii_whitespace()
        .collect();
    words.extend([filter, "-f", "mjpeg", "pipe:1"]);
    words
}

/// What the process makes of the film.
async fn image(child: &mut Child, film: &[u8]) -> Result<Bytes, Error> {
    let words = LastWords::default();
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let listening = async {
        if let Some(errors) = errors {
            words.listen(errors).await;
        }
    };
    let (image, (), ()) = tokio::join!(read(output), write(input, film), listening);
    let status = child.wait().await.map_err(Error::Pipe)?;
    let image = image.map_err(Error::Pipe)?;
    if !status.success() || image.is_empty() {
        return Err(Error::Ended { status: status.to_string(), last_words: words.last_line() });
    }
    Ok(image.into())
}

/// It may have its picture before it has read all of the film: that it reads no further is no error.
async fn write(input: Option<ChildStdin>, film: &[u8]) {
    if let Some(mut input) = input {
        let _ = input.write_all(film).await;
    }
}

async fn read(output: Option<ChildStdout>) -> std::io::Result<Vec<u8>> {
    let mut image = Vec::new();
    if let Some(output) = output {
        // A process that writes more finds its pipe closed.
        output.take(LARGEST).read_to_end(&mut image).await?;
    }
    Ok(image)
}

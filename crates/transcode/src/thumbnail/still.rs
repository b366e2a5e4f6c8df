//! One keyframe in, one JPEG image out, or two of it in different sizes.
//!
//! Promise: the process is gone when this returns; it has a bounded time and [`LARGEST`], and nothing of what it writes
//! is believed: what is no image of the size that was asked for is none at all.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use command_fds::CommandFdExt;
use live::Thumbnail;
use media::Ticks;
use media::fmp4::{Fragment, Sample, init_segment};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::lookout::Key;
use super::size::fitting;
use crate::jpeg::jpeg_size;
use crate::worker::LastWords;
use crate::{Config, Confinement, Error};

/// The largest image, in bytes.
const LARGEST: u64 = 8 << 20;
/// The number of a process's standard output.
const STDOUT: RawFd = 1;

/// An image that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Pixels across and down.
    pub(super) size: (u32, u32),
    /// As the encoder has it: 2 is the best, 31 the smallest.
    pub(super) quality: u8,
}

/// A pipe that an image comes by.
struct Pipe {
    number: RawFd,
    inner: OwnedFd,
    outer: pipe::Receiver,
}

impl Pipe {
    fn new() -> std::io::Result<Self> {
        let (inner, outer) = pipe::pipe()?;
        let inner = inner.into_blocking_fd()?;
        Ok(Self { number: inner.as_raw_fd(), inner, outer })
    }
}

/// Images of this keyframe, in the order of the wishes, within `longest`; `None` at shutdown.
pub(super) async fn make(
    (config, confinement): (&Config, &Confinement),
    key: &Key,
    wishes: &[Wish],
    longest: Duration,
    shutdown: &CancellationToken,
) -> Result<Option<Vec<Thumbnail>>, Error> {
    let Some(video) = &key.tracks.video else { return Err(Error::NoPicture) };
    let film = film(key).ok_or(Error::NoPicture)?;
    let pipes: Vec<Pipe> =
        wishes.iter().map(|_| Pipe::new()).collect::<Result<_, _>>().map_err(Error::Pipe)?;
    // The first goes where programs write to anyway: a process with no pipe beside the standard ones is started without
    // a copy of this one's memory map, which costs the more the more streams there are.
    let numbers = pipes.iter().enumerate().map(|(place, pipe)| if place == 0 { STDOUT } else { pipe.number });
    let outputs: Vec<(String, u8, RawFd)> = wishes
        .iter()
        .zip(numbers)
        .map(|(wish, number)| (fitting(video, wish.size), wish.quality, number))
        .collect();
    let (inner, readers): (Vec<_>, Vec<_>) = pipes.into_iter().map(|pipe| (pipe.inner, pipe.outer)).unzip();
    let mut command = confinement.command(&config.ffmpeg);
    command.args(arguments(&outputs)).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut inner = inner.into_iter();
    inner.next().map(|first| command.stdout(first));
    if inner.len() > 0 {
        command.preserved_fds(inner.collect());
    }
    let program = || config.ffmpeg.display().to_string();
    // The command holds the process's ends of the pipes, and goes before the first of them is read.
    let spawned = Command::from(command).kill_on_drop(true).spawn();
    let mut child = spawned.map_err(|cause| Error::Program { program: program(), cause })?;
    let made = shutdown.run_until_cancelled(timeout(longest, images(&mut child, &film, readers))).await;
    // It is waited for as well; an error means that it is gone already.
    let _ = child.kill().await;
    let Some(made) = made else { return Ok(None) };
    let jpegs = made.unwrap_or(Err(Error::Late))?;
    let thumbnails = wishes.iter().zip(jpegs).map(|(wish, jpeg)| thumbnail(key, wish, jpeg));
    thumbnails.collect::<Result<Vec<_>, _>>().map(Some)
}

fn thumbnail(key: &Key, wish: &Wish, jpeg: Bytes) -> Result<Thumbnail, Error> {
    let (width, height) = jpeg_size(&jpeg).filter(|size| *size == wish.size).ok_or(Error::NoPicture)?;
    Ok(Thumbnail { jpeg, width, height, pts: key.frame.pts, time: SystemTime::now() })
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

/// For filter, quality and pipe of each image. The film's first lines tell all that a decoder has to know: to look for
/// more would be to decode the picture twice.
fn arguments(outputs: &[(String, u8, RawFd)]) -> Vec<String> {
    let mut words = strings(
        "-hide_banner -nostdin -loglevel error -threads 1 -filter_threads 1 -filter_complex_threads 1 \
         -protocol_whitelist pipe -max_pixels 35651584 -nofind_stream_info -f mov -i pipe:0 -filter_complex",
    );
    let pads: String = (0..outputs.len()).map(|number| format!("[in{number}]")).collect();
    let mut graph = format!("[0:v:0]split={}{pads}", outputs.len());
    for (number, (filter, _, _)) in outputs.iter().enumerate() {
        graph.push_str(&format!(";[in{number}]{filter}[out{number}]"));
    }
    words.push(graph);
    for (number, (_, quality, pipe)) in outputs.iter().enumerate() {
        words.extend(["-map".to_owned(), format!("[out{number}]")]);
        words.extend(strings("-frames:v 1 -c:v mjpeg -threads 1 -flags:v +bitexact -q:v"));
        words.push(quality.to_string());
        words.extend(["-f".to_owned(), "mjpeg".to_owned(), format!("pipe:{pipe}")]);
    }
    words
}

fn strings(words: &str) -> Vec<String> {
    words.split_ascii_whitespace().map(str::to_owned).collect()
}

/// What the process makes of the film.
async fn images(child: &mut Child, film: &[u8], readers: Vec<pipe::Receiver>) -> Result<Vec<Bytes>, Error> {
    let words = LastWords::default();
    let (input, errors) = (child.stdin.take(), child.stderr.take());
    let listening = async {
        if let Some(errors) = errors {
            words.listen(errors).await;
        }
    };
    let (images, (), ()) = tokio::join!(read(readers), write(input, film), listening);
    let status = child.wait().await.map_err(Error::Pipe)?;
    let images = images.map_err(Error::Pipe)?;
    if !status.success() || images.iter().any(Bytes::is_empty) {
        return Err(Error::Ended { status: status.to_string(), last_words: words.last_line() });
    }
    Ok(images)
}

/// It may have its picture before it has read all of the film: that it reads no further is no error.
async fn write(input: Option<ChildStdin>, film: &[u8]) {
    if let Some(mut input) = input {
        let _ = input.write_all(film).await;
    }
}

/// All of them at once: a process that waits for one to be read writes no other.
async fn read(readers: Vec<pipe::Receiver>) -> std::io::Result<Vec<Bytes>> {
    let mut readers = readers.into_iter();
    let (first, second) = (readers.next(), readers.next());
    let (first, second) = tokio::try_join!(read_one(first), read_one(second))?;
    Ok(first.into_iter().chain(second).collect())
}

async fn read_one(reader: Option<impl AsyncRead + Unpin>) -> std::io::Result<Option<Bytes>> {
    let Some(reader) = reader else { return Ok(None) };
    let mut image = Vec::new();
    // A process that writes more finds its pipe closed.
    reader.take(LARGEST).read_to_end(&mut image).await?;
    Ok(Some(image.into()))
}

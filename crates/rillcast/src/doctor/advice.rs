//! What to do when something is missing.
//!
//! Promise: each is something that a person can do, in one or two sentences.

use transcode::{Config, Encoder, Error, Measure};

/// What happens meanwhile, and how to have peace.
const MEANWHILE: &str =
    "Until then all streams are passed through as they come; to leave it at that, set transcoding = \"off\".";

pub(super) fn program(config: &Config, why: &Error) -> String {
    let name = config.ffmpeg.display();
    let what = match why {
        Error::Program { .. } => format!(
            "Install ffmpeg 5.1 or newer (Debian and Ubuntu: apt install ffmpeg), or say where it is with --ffmpeg; it \
             was looked for as {name}."
        ),
        Error::TooOld { .. } => {
            "Install a newer ffmpeg beside it and say where it is with --ffmpeg.".to_owned()
        }
        _ => format!("Run `{name} -version` and see what it says."),
    };
    format!("{what} {MEANWHILE}")
}

pub(super) fn encoder(encoder: Encoder) -> String {
    let what = match encoder {
        Encoder::X264 => {
            "Set transcode_speed to one that x264 knows, from ultrafast to slow, and use an ffmpeg that was built with \
             libx264 (`ffmpeg -encoders` lists it)."
        }
        Encoder::Nvenc => {
            "Install NVIDIA's driver, and give a container the card with --gpus all and \
             NVIDIA_DRIVER_CAPABILITIES=video."
        }
        Encoder::Vaapi => {
            "Let the server's user read and write /dev/dri/renderD128 (often group render), and install the driver: \
             intel-media-va-driver or mesa-va-drivers."
        }
        Encoder::Qsv => {
            "Let the server's user read and write /dev/dri/renderD128 (often group render), and install Intel's media \
             driver and the oneVPL or Media SDK runtime."
        }
        Encoder::V4l2 => {
            "Let the server's user read and write the encoder's /dev/video* (often group video)."
        }
    };
    format!("{what} Or set transcode_encoder to one that works. {MEANWHILE}")
}

/// What a measure is, as what is told of workers.
pub(super) fn name(measure: Measure) -> &'static str {
    match measure {
        Measure::GivesWay => "gives way to everything else",
        Measure::Bounds => "has bounded memory, and writes no files",
        Measure::NoNetwork => "has no network",
        Measure::NoPrivileges => "gains no privileges, and ends with the server",
        Measure::Nobody => "is nobody: owns no file, and sees no other's",
    }
}

/// What would bring it.
pub(super) fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::GivesWay => "needs nice, of coreutils",
        Measure::Bounds => "needs prlimit, of util-linux",
        Measure::NoNetwork => {
            "needs unshare, of util-linux, and a server that is root or a system that lets users have namespaces \
             (kernel.unprivileged_userns_clone; in containers often their seccomp profile)"
        }
        Measure::NoPrivileges => "needs setpriv, of util-linux",
        Measure::Nobody => {
            "needs a server that is root and an encoder in software; else workers run as the server's own user"
        }
    }
}

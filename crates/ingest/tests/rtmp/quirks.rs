//! What encoders in the field get wrong, each as one case with where it was seen.
//!
//! Promise: every case of the table goes on air, or is refused, as its name says.

use crate::script::{
    Extended, KEY, Script, Seen, audio_header, contains, film, header, picture, play, sound, video_header,
};
use media::TrackKind::{Audio, Video};
use media::amf0::{Value, encode};

struct Quirk {
    name: &'static str,
    seen_in: &'static str,
    script: fn() -> Script,
    holds: fn(&Seen) -> bool,
}

/// Far past 24 bits, so that every header needs the extended field.
const LATE: u32 = 0x0123_4567;

fn started() -> Script {
    Script::on_air().set_chunk_size(4_096).metadata(false).video(0, &video_header()).video(0, &picture(0))
}

fn long_body() -> Vec<u8> {
    (0..1_000u32).map(|n| n.to_le_bytes()[0]).collect()
}

fn is_whole(seen: &Seen, times: &[u32]) -> bool {
    seen.error.is_none()
        && seen.video_times() == times
        && seen.video.iter().all(|(_, body)| *body == long_body())
}

const TRANSPORT: &[Quirk] = &[
    Quirk {
        name: "the extended timestamp is repeated in every type 3 chunk",
        seen_in: "MediaMTX #2384, most encoders",
        script: || Script::on_air().video(LATE, &long_body()).message(1, 6, 40, 9, &long_body()),
        holds: |seen| is_whole(seen, &[LATE, LATE + 40]),
    },
    Quirk {
        name: "the extended timestamp is left out of type 3 chunks",
        seen_in: "obs-studio #10097, RootEncoder #1179",
        script: || {
            Script::on_air()
                .extended(Extended::LeftOut)
                .video(LATE, &long_body())
                .video(LATE + 40, &long_body())
        },
        holds: |seen| is_whole(seen, &[LATE, LATE + 40]),
    },
    Quirk {
        name: "type 3 chunks repeat the time where the header held a delta",
        seen_in: "enhanced-rtmp #42: delta or absolute is ambiguous",
        script: || {
            let back = 20u32.wrapping_neg();
            let script = Script::on_air().video(LATE, &long_body());
            script.extended(Extended::As(LATE - 20)).message(1, 6, back, 9, &long_body())
        },
        holds: |seen| is_whole(seen, &[LATE, LATE - 20]),
    },
    Quirk {
        name: "a delta header's extended field holds the absolute time",
        seen_in: "enhanced-rtmp #42",
        script: || Script::on_air().video(LATE, &long_body()).message(1, 6, LATE + 40, 9, &long_body()),
        holds: |seen| is_whole(seen, &[LATE, LATE + 40]),
    },
    Quirk {
        name: "a delta is negative",
        seen_in: "OvenMediaEngine #2093",
        script: || {
            Script::on_air().video(1_000, &long_body()).message(1, 6, 20u32.wrapping_neg(), 9, &long_body())
        },
        holds: |seen| is_whole(seen, &[1_000, 980]),
    },
    Quirk {
        name: "a message repeats the time of the one before it by a lone type 3 header",
        seen_in: "librtmp: equal size, type and time",
        script: || {
            let script = Script::on_air().set_chunk_size(4_096).video(5_000, &long_body());
            script.message(3, 6, 0, 9, &long_body())
        },
        holds: |seen| is_whole(seen, &[5_000, 5_000]),
    },
    Quirk {
        name: "a fresh chunk stream begins with type 1",
        seen_in: "srs #1538",
        script: || Script::on_air().message(1, 7, 30, 9, &long_body()),
        holds: |seen| is_whole(seen, &[30]),
    },
    Quirk {
        name: "messages of two chunk streams are interleaved",
        seen_in: "srs #1508",
        script: || {
            let (body, audio) = (long_body(), sound());
            let mut script = Script::on_air().raw(&header(0, 6, 10, 9, body.len())).raw(&body[..128]);
            script = script.audio(11, &audio);
            for chunk in body[128..].chunks(128) {
                script = script.raw(&[0xc6]).raw(chunk).audio(12, &audio);
            }
            script
        },
        holds: |seen| is_whole(seen, &[10]) && seen.audio.len() == 8,
    },
    Quirk {
        name: "the chunk size is one byte",
        seen_in: "srs #541",
        script: || Script::on_air().set_chunk_size(1).video(LATE, &long_body()),
        holds: |seen| is_whole(seen, &[LATE]),
    },
    Quirk {
        name: "a half-sent message is aborted",
        seen_in: "mediamtx #4673, gortmplib #59",
        script: || {
            let script = Script::on_air().raw(&header(0, 6, 10, 9, 1_000)).raw(&[9; 128]);
            script.message(0, 2, 0, 2, &[0, 0, 0, 6]).video(50, &long_body())
        },
        holds: |seen| is_whole(seen, &[50]) && seen.held == 0,
    },
    Quirk {
        name: "chunk stream ids take two and three bytes",
        seen_in: "mediamtx #2806",
        script: || {
            let body = sound();
            let rest = header(0, 0, 10, 8, body.len());
            let script = Script::on_air().set_chunk_size(4_096);
            let script = script.raw(&[0x00, 200]).raw(&rest[1..]).raw(&body);
            script.raw(&[0x01, 200, 200]).raw(&rest[1..]).raw(&body)
        },
        holds: |seen| seen.error.is_none() && seen.audio.len() == 2,
    },
    Quirk {
        name: "an acknowledgement window of zero divides nothing",
        seen_in: "a published crate panicked on it",
        script: || Script::on_air().message(0, 2, 0, 5, &[0; 4]).video(10, &long_body()),
        holds: |seen| is_whole(seen, &[10]),
    },
    Quirk {
        name: "Flash-era control and shared object messages are passed over",
        seen_in: "mediamtx #5512, #4909",
        script: || {
            let script = Script::on_air().message(0, 2, 0, 4, &[0, 3, 0, 0, 0, 1, 0, 0, 0, 9]);
            let script = script.message(0, 2, 0, 4, &[0, 99]).message(0, 3, 0, 19, b"object").message(
                0,
                3,
                0,
                16,
                &[],
            );
            script.message(0, 2, 0, 6, &[0, 0, 1]).message(0, 2, 0, 3, &[]).video(10, &long_body())
        },
        holds: |seen| is_whole(seen, &[10]),
    },
    Quirk {
        name: "a ping is answered with its own time",
        seen_in: "Adobe RTMP 1.0, 7.1.7",
        script: || Script::on_air().message(0, 2, 0, 4, &[0, 6, 1, 2, 3, 4]),
        holds: |seen| contains(&seen.output, &[4, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4]),
    },
    Quirk {
        name: "TLS on the plain port is called TLS",
        seen_in: "docker-nginx-rtmp #56",
        script: || Script { bytes: vec![0x16, 3, 1, 0], ..Script::new() },
        holds: |seen| seen.error.as_deref().is_some_and(|text| text.contains("looks like TLS")),
    },
    Quirk {
        name: "HTTP on the RTMP port is called HTTP",
        seen_in: "docker-nginx-rtmp #56",
        script: || Script { bytes: b"GET / HTTP/1.1\r\n".to_vec(), ..Script::new() },
        holds: |seen| seen.error.as_deref().is_some_and(|text| text.contains("HTTP")),
    },
    Quirk {
        name: "RTMPE is refused by name",
        seen_in: "old Flash encoders",
        script: || Script { bytes: vec![6; 1_600], ..Script::new() },
        holds: |seen| seen.error.as_deref().is_some_and(|text| text.contains("RTMPE")),
    },
];

const COMMANDS: &[Quirk] = &[
    Quirk {
        name: "the key stands in the application",
        seen_in: "rtmp-server-rs #6, srs #4510",
        script: || Script::publishing(&format!("app//{KEY}"), ""),
        holds: |seen| seen.requests[0].stream_key.as_ref().is_some_and(|key| key.reveal() == KEY),
    },
    Quirk {
        name: "there is no application and an instance name follows the key",
        seen_in: "xiu #90, srs #4510 (Larix)",
        script: || Script::publishing("", &format!("/{KEY}/_definst_?priority=2")),
        holds: |seen| {
            let request = &seen.requests[0];
            request.priority == Some(2) && request.stream_key.as_ref().is_some_and(|key| key.reveal() == KEY)
        },
    },
    Quirk {
        name: "FCPublish is answered with the caller's transaction",
        seen_in: "membrane_rtmp_plugin #115: Livestream Studio 6, hardware encoders",
        script: || {
            let key = [Value::string(KEY)];
            let script = Script::new().connect("app").command("releaseStream", 2.0, &key);
            script.command("FCPublish", 3.0, &key).command("createStream", 4.0, &[]).publish(KEY)
        },
        holds: |seen| {
            let result = Value::string("_result");
            [2.0, 3.0].iter().all(|id| seen.said(&[result.clone(), Value::Number(*id), Value::Null]))
                && seen.said(&[result, Value::Number(4.0), Value::Null, Value::Number(1.0)])
                && seen.said(&[Value::string("onFCPublish")])
        },
    },
    Quirk {
        name: "commands that tidy up before publishing end nothing",
        seen_in: "nginx-rtmp and others as clients",
        script: || {
            let script = Script::new().connect("app").command("deleteStream", 0.0, &[Value::Number(1.0)]);
            script.command("_checkbw", 3.0, &[]).command("FCUnpublish", 4.0, &[]).publish(KEY)
        },
        holds: |seen| seen.requests.len() == 1 && !seen.finished,
    },
    Quirk {
        name: "an unknown command is answered and forgotten",
        seen_in: "gstreamer, vMix and others",
        script: || Script::new().connect("app").command("setPeerInfo", 9.0, &[Value::Null]).publish(KEY),
        holds: |seen| seen.requests.len() == 1 && seen.said(&[Value::string("_error"), Value::Number(9.0)]),
    },
    Quirk {
        name: "a command that is no AMF is passed over",
        seen_in: "fuzzers, and hardware with a half-written stack",
        script: || Script::new().connect("app").message(0, 3, 0, 20, &[0x11, 0xff, 3]).publish(KEY),
        holds: |seen| seen.requests.len() == 1 && seen.error.is_none(),
    },
    Quirk {
        name: "commands come in the AMF3 envelope behind a zero byte",
        seen_in: "Flash Media Live Encoder and its heirs",
        script: || {
            let publish =
                encode(&[Value::string("publish"), Value::Number(5.0), Value::Null, Value::string(KEY)]);
            Script::new().connect("app").message(0, 3, 0, 17, &[&[0], &publish[..]].concat())
        },
        holds: |seen| seen.requests.len() == 1,
    },
    Quirk {
        name: "media sent before the publish answer is kept",
        seen_in: "nginx-rtmp #1490",
        script: || started().video(40, &picture(1)),
        holds: |seen| seen.frames.len() == 2,
    },
    Quirk {
        name: "closing words end the stream once",
        seen_in: "OBS sends FCUnpublish and deleteStream",
        script: || {
            started().command("FCUnpublish", 6.0, &[]).command("deleteStream", 7.0, &[Value::Number(1.0)])
        },
        holds: |seen| seen.finished && seen.error.is_none(),
    },
    Quirk {
        name: "metadata holds strict arrays",
        seen_in: "mediamtx #3188, xiu #183",
        script: || {
            let list = Value::StrictArray(vec![Value::Number(1.0), Value::string("x")]);
            Script::on_air().amf(18, &[Value::string("onMetaData"), Value::object([("list", list)])])
        },
        holds: |seen| seen.metadata == 1,
    },
    Quirk {
        name: "a data message is four bytes of timecode",
        seen_in: "srs #3804: ffmpeg with -map 0",
        script: || started().message(0, 4, 0, 18, &[0, 0, 0, 9]).video(40, &picture(1)),
        holds: |seen| seen.error.is_none() && seen.frames.len() == 2,
    },
    Quirk {
        name: "a data message is empty",
        seen_in: "srs #3767, #4162",
        script: || started().message(0, 4, 0, 18, &[]).message(0, 4, 0, 15, &[]).video(40, &picture(1)),
        holds: |seen| seen.error.is_none() && seen.frames.len() == 2,
    },
    Quirk {
        name: "an unknown command carries an array of four billion",
        seen_in: "a published crate aborted on it",
        script: || {
            let head = encode(&[Value::string("boo"), Value::Number(0.0)]);
            let script = Script::new().connect("app");
            script.message(0, 3, 0, 20, &[&head[..], &[0x0a, 0xff, 0xff, 0xff, 0xff]].concat()).publish(KEY)
        },
        holds: |seen| seen.requests.len() == 1,
    },
];

fn with_composition(millis: [u8; 3]) -> Vec<u8> {
    let mut body = picture(1);
    body[2..5].copy_from_slice(&millis);
    body
}

fn refusal(seen: &Seen) -> String {
    seen.refused.as_ref().map(ToString::to_string).unwrap_or_default()
}

const MEDIA: &[Quirk] = &[
    Quirk {
        name: "there is no metadata and there is no sound",
        seen_in: "gortmplib; mediamtx #1502",
        script: || {
            let script =
                Script::on_air().set_chunk_size(4_096).video(0, &video_header()).video(0, &picture(0));
            (1..=51).fold(script, |script, n| script.video(n * 40, &picture(1)))
        },
        holds: |seen| seen.frames.len() == 52 && seen.tracks.len() == 1 && seen.tracks[0].audio.is_none(),
    },
    Quirk {
        name: "metadata announces sound that never comes",
        seen_in: "nginx-rtmp #233, #641",
        script: || {
            let script = Script::on_air().set_chunk_size(4_096).metadata(true).video(0, &video_header());
            (1..=51).fold(script.video(0, &picture(0)), |script, n| script.video(n * 40, &picture(1)))
        },
        holds: |seen| seen.frames.len() == 52 && seen.tracks.len() == 1,
    },
    Quirk {
        name: "the sound comes within the wait and all frames are kept",
        seen_in: "encoders whose audio device opens late",
        script: || {
            let script = Script::on_air().set_chunk_size(4_096).metadata(true).video(0, &video_header());
            let script = script.video(0, &picture(0)).video(40, &picture(1));
            script.audio(60, &audio_header()).audio(60, &sound()).video(80, &picture(1))
        },
        holds: |seen| seen.tracks == [film().tracks()] && seen.frames.len() == 4,
    },
    Quirk {
        name: "the sound comes long after the picture",
        seen_in: "mediamtx #1504, #1819",
        script: || started().audio(9_000, &audio_header()).audio(40, &sound()),
        holds: |seen| seen.tracks.len() == 2 && seen.tracks[1] == film().tracks() && seen.frames.len() == 2,
    },
    Quirk {
        name: "frames before the first keyframe and before the header are dropped",
        seen_in: "encoders that reconnect in mid-GOP",
        script: || {
            let script = Script::on_air().set_chunk_size(4_096).metadata(true).video(0, &picture(0));
            let script = script.video(0, &video_header()).audio(0, &audio_header()).audio(0, &sound());
            script.video(40, &picture(1)).video(80, &picture(0)).audio(90, &sound())
        },
        holds: |seen| seen.frames.len() == 2 && seen.frames[0].keyframe,
    },
    Quirk {
        name: "the composition time is negative",
        seen_in: "gortmplib #88 with Ecamm; nginx-rtmp #250, srs #809",
        script: || started().video(40, &with_composition([0xff, 0xff, 0xd8])),
        holds: |seen| seen.frames[1].pts.count() - seen.frames[1].dts.count() == -40 * 90,
    },
    Quirk {
        name: "HEVC under codec id 7 is refused by name",
        seen_in: "srs #3464, mediamtx #1613: old OBS",
        script: || {
            let record = [1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0x5d, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0];
            Script::on_air().video(0, &[&[0x17, 0, 0, 0, 0], &record[..]].concat())
        },
        holds: |seen| refusal(seen).contains("HEVC"),
    },
    Quirk {
        name: "HEVC under codec id 12 is refused by name",
        seen_in: "mediamtx #5105",
        script: || Script::on_air().video(0, &[0x1c, 0, 0, 0, 0, 1, 2]),
        holds: |seen| refusal(seen).contains("HEVC"),
    },
    Quirk {
        name: "codecs by FourCC are refused by name",
        seen_in: "Enhanced RTMP from OBS 29.1 on",
        script: || Script::on_air().video(0, b"\x90av01\x81\x00"),
        holds: |seen| refusal(seen).contains("AV1"),
    },
    Quirk {
        name: "sound that is not AAC is refused by name",
        seen_in: "wirecast and ffmpeg with -c:a mp3",
        script: || Script::on_air().audio(0, &[0x2f, 0xff, 0xfb, 0x90]),
        holds: |seen| refusal(seen).contains("MP3"),
    },
    Quirk {
        name: "ffmpeg's enhanced metadata frame is passed over",
        seen_in: "mediamtx #4014",
        script: || started().video(20, b"\xd4avc1\x02\x00").video(40, &picture(1)),
        holds: |seen| seen.refused.is_none() && seen.frames.len() == 2,
    },
    Quirk {
        name: "a repeated sequence header cuts nothing",
        seen_in: "srs #4695",
        script: || started().video(20, &video_header()).video(40, &picture(1)).video(60, &video_header()),
        holds: |seen| seen.tracks.len() == 1 && seen.frames.len() == 2,
    },
    Quirk {
        name: "a changed sequence header changes the tracks",
        seen_in: "gohlslib #355",
        script: || {
            let film = testkit::Film { width: 320, height: 180, ..film() };
            let record = film.tracks().video.expect("a picture").record;
            started().video(20, &[&[0x17, 0, 0, 0, 0], &record[..]].concat()).video(40, &picture(1))
        },
        holds: |seen| seen.tracks.len() == 2 && seen.tracks[1].video.as_ref().is_some_and(|v| v.width == 320),
    },
    Quirk {
        name: "a malformed first header is refused and a later one passed over",
        seen_in: "mediamtx #1074",
        script: || started().video(20, &[0x17, 0, 0, 0, 0, 1, 100]).video(40, &picture(1)),
        holds: |seen| {
            let first = play(&Script::on_air().video(0, &[0x17, 0, 0, 0, 0, 1, 100]));
            first.refused.is_some() && seen.refused.is_none() && seen.frames.len() == 2
        },
    },
    Quirk {
        name: "parameter sets come inside the picture and no header does",
        seen_in: "mediamtx: parameter sets in-band only",
        script: || {
            let record = film().tracks().video.expect("a picture").record;
            let sps = &record[6..8 + usize::from(record[7])];
            let rest = &record[6 + sps.len() + 1..];
            let pps = &rest[..2 + usize::from(rest[1])];
            let body = picture(0);
            let body = [&body[..5], &[0, 0], sps, &[0, 0], pps, &body[5..]].concat();
            Script::on_air().set_chunk_size(4_096).metadata(false).video(0, &body).video(40, &picture(1))
        },
        holds: |seen| seen.frames.len() == 2 && seen.tracks[0].video.as_ref().is_some_and(|v| v.width > 0),
    },
    Quirk {
        name: "empty NAL units and empty frames are dropped",
        seen_in: "srs #3750",
        script: || {
            let empty = [0x27, 1, 0, 0, 0, 0, 0, 0, 0];
            started().video(20, &empty).video(25, &[]).video(30, &[0x27, 1, 0, 0, 0]).video(40, &picture(1))
        },
        holds: |seen| seen.frames.len() == 2,
    },
    Quirk {
        name: "a keyframe that is no keyframe does not start a stream",
        seen_in: "hardware that flags every picture",
        script: || {
            let mut body = picture(1);
            body[0] = 0x17;
            Script::on_air().set_chunk_size(4_096).metadata(false).video(0, &video_header()).video(0, &body)
        },
        holds: |seen| seen.frames.is_empty(),
    },
    Quirk {
        name: "an aggregate message holds frames that count from its time",
        seen_in: "Adobe RTMP 1.0, 7.1.6; Flash Media Live Encoder",
        script: || {
            let tag = |time: u8, body: &[u8]| {
                let size = u32::try_from(body.len()).expect("a short body").to_be_bytes();
                [&[9], &size[1..], &[0, 0, time, 0, 0, 0, 0], body, &size].concat()
            };
            let body = [tag(7, &picture(1)), tag(47, &picture(1)), vec![9, 0xff, 0xff]].concat();
            started().message(0, 6, 1_000, 22, &body)
        },
        holds: |seen| seen.video_times()[2..] == [1_000, 1_040] && seen.frames.len() == 3,
    },
];

fn clock(times: &[u32]) -> Script {
    let script = Script::on_air().set_chunk_size(4_096).metadata(false).video(times[0], &video_header());
    let script = script.video(times[0], &picture(0));
    times[1..].iter().fold(script, |script, time| script.video(*time, &picture(1)))
}

const CLOCKS: &[Quirk] = &[
    Quirk {
        name: "four hours and 39 minutes pass with extended timestamps",
        seen_in: "MediaMTX #1550, Node-Media-Server #25, go-rtmp #72",
        script: || clock(&[0xff_ffd8, 0x100_0000, 0x100_0028]),
        holds: |seen| seen.times(Video) == [0, 40, 80],
    },
    Quirk {
        name: "four hours and 39 minutes pass without extended timestamps",
        seen_in: "encoders that know 24 bits only",
        script: || clock(&[0xff_ffd8, 0, 40]),
        holds: |seen| seen.times(Video) == [0, 40, 80],
    },
    Quirk {
        name: "24.8 days pass on a clock that wraps at 31 bits",
        seen_in: "obs-studio #11013",
        script: || clock(&[0x7fff_ffd8, 0, 40]),
        holds: |seen| seen.times(Video) == [0, 40, 80],
    },
    Quirk {
        name: "24.8 days pass on a clock that goes on",
        seen_in: "srs #2808",
        script: || clock(&[0x7fff_ffd8, 0x8000_0000, 0x8000_0028]),
        holds: |seen| seen.times(Video) == [0, 40, 80],
    },
    Quirk {
        name: "49.7 days pass",
        seen_in: "Adobe RTMP 1.0, 3: serial number arithmetic",
        script: || clock(&[0xffff_ffd8, 0, 40]),
        holds: |seen| seen.times(Video) == [0, 40, 80],
    },
    Quirk {
        name: "the encoder restarts its clock in mid-stream",
        seen_in: "encoders that restart; vMix wall-clock jumps, OvenMediaEngine #1002",
        script: || clock(&[3_600_000, 3_600_040, 0, 40]),
        holds: |seen| seen.times(Video) == [0, 40, 80, 120],
    },
    Quirk {
        name: "sound and picture start from different zeros",
        seen_in: "membrane, gear with two clocks",
        script: || {
            let script = Script::on_air().set_chunk_size(4_096).metadata(true).audio(0, &audio_header());
            let script = script.video(800, &video_header()).video(800, &picture(0));
            script.audio(0, &sound()).audio(21, &sound()).video(840, &picture(1))
        },
        holds: |seen| {
            let first =
                |track| seen.frames.iter().find(|frame| frame.track == track).map(|frame| frame.dts.count());
            first(Video).zip(first(Audio)).is_some_and(|(video, audio)| video - audio == 800 * 90)
        },
    },
];

#[test]
fn every_quirk_of_the_table_is_lived_with() {
    let all: Vec<&Quirk> = [TRANSPORT, COMMANDS, MEDIA, CLOCKS].into_iter().flatten().collect();
    let failed: Vec<String> = all
        .iter()
        .filter_map(|quirk| {
            let seen = play(&(quirk.script)());
            let summary = format!(
                "{} (seen in {}): error {:?}, refused {:?}, {} frames, {:?}",
                quirk.name,
                quirk.seen_in,
                seen.error,
                seen.refused,
                seen.frames.len(),
                seen.video_times()
            );
            (!(quirk.holds)(&seen)).then_some(summary)
        })
        .collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), all.len(), failed.join("\n"));
}

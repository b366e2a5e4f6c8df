//! What an encoder says about its own stream in `onMetaData`.
//!
//! Promise: nothing here is believed; it is logged, and tells which tracks to wait for, for a moment.

use media::amf0::{self, Value};

use crate::rtmp::command::envelope;
use crate::rtmp::name::shown;

/// `onMetaData` in short. Encoders leave out or invent any of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Announced {
    /// The encoder's name, cleaned for logs.
    pub encoder: Option<String>,
    /// Bit rate of the video in kb/s.
    pub video_kbps: Option<f64>,
    /// Bit rate of the audio in kb/s.
    pub audio_kbps: Option<f64>,
    /// Width in pixels.
    pub width: Option<f64>,
    /// Height in pixels.
    pub height: Option<f64>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
    /// Some property speaks of sound.
    pub audio: bool,
}

impl Announced {
    /// Reads a data message; `None` when it is empty or anything else than `onMetaData`.
    pub(crate) fn parse(body: &[u8], amf3: bool) -> Option<Self> {
        let (values, _) = amf0::decode_prefix(envelope(body, amf3));
        let mut values = values.iter().skip_while(|value| value.as_str() == Some("@setDataFrame"));
        if values.next()?.as_str() != Some("onMetaData") {
            return None;
        }
        let properties = values.next()?;
        let number = |name: &str| {
            properties
                .get(name)
                .and_then(Value::as_number)
                .filter(|number| number.is_finite() && *number > 0.0)
        };
        let sound = |(name, value): &(String, Value)| {
            name.starts_with("audio") && !matches!(value, Value::Null | Value::Undefined) || name == "stereo"
        };
        Some(Self {
            encoder: properties.get("encoder").and_then(Value::as_str).map(shown),
            video_kbps: number("videodatarate"),
            audio_kbps: number("audiodatarate"),
            width: number("width"),
            height: number("height"),
            frame_rate: number("framerate").or_else(|| number("videoframerate")),
            audio: properties.properties().is_some_and(|all| all.iter().any(sound)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_with_and_without_its_wrapper() {
        let object = Value::EcmaArray(vec![
            ("framerate".into(), Value::Number(30.0)),
            ("audiocodecid".into(), Value::Number(10.0)),
            ("encoder".into(), Value::string("Lavf59.27.100")),
        ]);
        let plain = amf0::encode(&[Value::string("onMetaData"), object.clone()]);
        let wrapped = amf0::encode(&[Value::string("@setDataFrame"), Value::string("onMetaData"), object]);
        let announced = Announced::parse(&plain, false).unwrap();
        assert!(announced.audio);
        assert_eq!(announced.frame_rate, Some(30.0));
        assert_eq!(Announced::parse(&wrapped, false), Some(announced.clone()));
        assert_eq!(Announced::parse(&[vec![0], wrapped].concat(), true), Some(announced));
    }

    #[test]
    fn other_data_messages_are_none() {
        assert_eq!(Announced::parse(&[], false), None);
        assert_eq!(Announced::parse(&[0, 0, 0, 1], false), None);
        assert_eq!(Announced::parse(&amf0::encode(&[Value::string("onTextData")]), false), None);
        assert_eq!(Announced::parse(&amf0::encode(&[Value::string("onMetaData")]), false), None);
    }
}

//! Text that an encoder sends along with its media, for the viewers (user guide, "Embedding Metadata within a
//! Video Stream": in-band).
//!
//! Promise: what comes out is text of 1 byte to 1 KB, the bounds of the API's own `PutMetadata`; what does not
//! fit is told apart from what is not meant for viewers.
//!
//! The form that the vendor's broadcast SDKs use is not published. Taken are the data messages by which
//! encoders in the field send such text: `onTextData` (ffmpeg's FLV writer, Wowza's encoders), `onCuePoint`
//! (Flash Media Live Encoder), `onMetaInfo` (Adobe Media Server) and `onTimedMetadata`. A string is the text itself,
//! an object with a string named `text` is that string, and anything else is handed on as JSON. Captions and
//! what describes the stream (`onCaptionInfo`, `onMetaData`, …) are something else.

use media::amf0::{self, Value};
use serde_json::{Number, Value as Json};

use crate::rtmp::command::envelope;

/// The longest text, in bytes of UTF-8 (API reference, `PutMetadata`).
const MAX_TEXT: usize = 1_024;
/// Handlers whose messages are for viewers.
const HANDLERS: [&str; 4] = ["onTextData", "onCuePoint", "onMetaInfo", "onTimedMetadata"];

/// What a data message tells viewers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// This.
    Text(String),
    /// Nothing: it is empty or longer than 1 KB.
    Unfit,
}

impl Told {
    /// Reads a data message; `None` when it is not for viewers.
    pub(crate) fn parse(body: &[u8], amf3: bool) -> Option<Self> {
        let (values, _) = amf0::decode_prefix(envelope(body, amf3));
        let mut values = values.into_iter().skip_while(|value| value.as_str() == Some("@setDataFrame"));
        if !HANDLERS.contains(&values.next()?.as_str()?) {
            return None;
        }
        let text = text(values.next().unwrap_or(Value::Null));
        let fits = (1..=MAX_TEXT).contains(&text.len());
        Some(if fits { Self::Text(text) } else { Self::Unfit })
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null | Value::Undefined => String::new(),
        value => match value.get("text").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => json(value).to_string(),
        },
    }
}

fn json(value: Value) -> Json {
    match value {
        Value::Number(number) | Value::Date(number) => amount(number),
        Value::Boolean(flag) => Json::Bool(flag),
        Value::String(text) => Json::String(text),
        Value::Object(properties) | Value::EcmaArray(properties) => {
            Json::Object(properties.into_iter().map(|(name, value)| (name, json(value))).collect())
        }
        Value::StrictArray(values) => Json::Array(values.into_iter().map(json).collect()),
        Value::Null | Value::Undefined => Json::Null,
    }
}

/// A whole number without a fraction, as whoever wrote it meant it.
fn amount(number: f64) -> Json {
    /// Above this not every whole number is a double.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within 53 bits")]
        return Json::from(number as i64);
    }
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[Value]) -> Option<Told> {
        let body = amf0::encode(values);
        let told = Told::parse(&body, false);
        assert_eq!(Told::parse(&[vec![0], body.clone()].concat(), true), told, "in the envelope of AMF3");
        assert_eq!(
            Told::parse(&[amf0::encode(&[Value::string("@setDataFrame")]), body].concat(), false),
            told
        );
        told
    }

    fn text(text: &str) -> Option<Told> {
        Some(Told::Text(text.to_owned()))
    }

    #[test]
    fn text_is_read_from_a_string_and_from_an_object() {
        assert_eq!(told(&[Value::string("onTextData"), Value::string("grüß")]), text("grüß"));
        let object = [("type".to_owned(), Value::string("Text")), ("text".to_owned(), Value::string("hi"))];
        for value in [Value::Object(object.to_vec()), Value::EcmaArray(object.to_vec())] {
            assert_eq!(told(&[Value::string("onTextData"), value]), text("hi"));
        }
        assert_eq!(told(&[Value::string("onTimedMetadata"), Value::string("{}")]), text("{}"));
    }

    #[test]
    fn a_cue_point_is_handed_on_as_json() {
        let parameters = Value::object([
            ("price", Value::Number(12.5)),
            ("sold", Value::Boolean(true)),
            ("sizes", Value::StrictArray(vec![Value::Number(1.0), Value::Null, Value::Number(f64::NAN)])),
        ]);
        let point = Value::object([("name", Value::string("offer")), ("parameters", parameters)]);
        let expected = r#"{"name":"offer","parameters":{"price":12.5,"sizes":[1,null,null],"sold":true}}"#;
        assert_eq!(told(&[Value::string("onCuePoint"), point]), text(expected));
    }

    #[test]
    fn what_is_empty_or_too_long_is_unfit() {
        let sent = |value| told(&[Value::string("onTextData"), value]);
        assert_eq!(sent(Value::string("x".repeat(1_024))), text(&"x".repeat(1_024)));
        assert_eq!(sent(Value::string("x".repeat(1_025))), Some(Told::Unfit));
        assert_eq!(sent(Value::string("ü".repeat(513))), Some(Told::Unfit), "bytes count");
        for nothing in [Value::string(""), Value::Null, Value::object([("text", Value::string(""))])] {
            assert_eq!(sent(nothing), Some(Told::Unfit));
        }
        assert_eq!(told(&[Value::string("onTextData")]), Some(Told::Unfit));
    }

    #[test]
    fn other_messages_are_not_for_viewers() {
        for name in ["onMetaData", "onCaptionInfo", "onFI", "|RtmpSampleAccess", ""] {
            assert_eq!(told(&[Value::string(name), Value::string("x")]), None);
        }
        assert_eq!(told(&[Value::Number(1.0)]), None);
        assert_eq!(told(&[]), None);
    }
}

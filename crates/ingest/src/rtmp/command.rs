//! RTMP commands: what publishers ask for, and the words of the answers (Adobe RTMP 1.0, 7.2).
//!
//! Promise: no command is fatal. What can't be read is [`Command::Unknown`], so that it can be answered
//! or passed over as real servers do.

use media::amf0::{self, Value};

/// A command from the publisher. `transaction` is what an answer must carry; 0 means "do not answer".
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// `connect`: the application's path.
    Connect { transaction: f64, app: String, tc_url: String, encoder: String, object_encoding: f64 },
    /// `releaseStream`, `FCPublish`, `_checkbw` and others that want a `_result` and nothing more.
    Courtesy { transaction: f64, name: String, stream: String },
    /// `createStream`.
    CreateStream { transaction: f64 },
    /// `publish`: the stream's name is what holds the key.
    Publish { transaction: f64, name: String },
    /// `FCUnpublish`, `deleteStream` or `closeStream`: the publisher says goodbye.
    Unpublish { transaction: f64 },
    /// `play` and its relatives: nothing is played here.
    Play,
    /// `_result`, `_error`, `onStatus`: answers to what was never asked.
    Answer,
    /// Anything else.
    Unknown { transaction: f64, name: String },
}

impl Command {
    /// Reads the body of a command message. In the AMF3 envelope (type 17) a zero byte precedes AMF0.
    pub(crate) fn parse(body: &[u8], amf3: bool) -> Self {
        let (values, _) = amf0::decode_prefix(envelope(body, amf3));
        let text = |at: usize| values.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let transaction = values.get(1).and_then(Value::as_number).unwrap_or(0.0);
        let name = text(0);
        match name.as_str() {
            "connect" => connect(transaction, values.get(2)),
            "releaseStream" | "FCPublish" | "_checkbw" | "checkBandwidth" | "getStreamLength" => {
                let stream = text(3);
                Self::Courtesy { transaction, name, stream }
            }
            "createStream" => Self::CreateStream { transaction },
            "publish" => Self::Publish { transaction, name: text(3) },
            "FCUnpublish" | "deleteStream" | "closeStream" => Self::Unpublish { transaction },
            "play" | "play2" => Self::Play,
            "_result" | "_error" | "onStatus" => Self::Answer,
            _ => Self::Unknown { transaction, name },
        }
    }
}

/// The AMF0 inside an AMF3 message; without its leading zero the body is taken as it is.
pub(crate) fn envelope(body: &[u8], amf3: bool) -> &[u8] {
    match body {
        [0, rest @ ..] if amf3 => rest,
        _ => body,
    }
}

fn connect(transaction: f64, properties: Option<&Value>) -> Command {
    let get = |name: &str| properties.and_then(|properties| properties.get(name));
    let text = |name: &str| get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Command::Connect {
        // connect always has transaction 1 (7.2.1.1), also when an encoder forgets to say so.
        transaction: if transaction == 0.0 { 1.0 } else { transaction },
        app: text("app"),
        tc_url: text("tcUrl"),
        encoder: text("flashVer"),
        object_encoding: get("objectEncoding").and_then(Value::as_number).unwrap_or(0.0),
    }
}

/// An information object, as `onStatus` and the answer to `connect` carry it.
fn information(level: &str, code: &str, description: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("level", Value::string(level)),
        ("code", Value::string(code)),
        ("description", Value::string(description)),
    ]
}

/// The answer to `connect`. No Enhanced RTMP capabilities are claimed: none are supported yet.
pub(crate) fn connected(transaction: f64, object_encoding: f64) -> Vec<u8> {
    let properties = Value::object([
        ("fmsVer", Value::string("FMS/3,5,7,7009")),
        ("capabilities", Value::Number(31.0)),
        ("mode", Value::Number(1.0)),
    ]);
    let mut status = information("status", "NetConnection.Connect.Success", "Connection succeeded.");
    status.push(("objectEncoding", Value::Number(object_encoding)));
    amf0::encode(&[Value::string("_result"), Value::Number(transaction), properties, Value::object(status)])
}

/// `_result` with one value.
pub(crate) fn result(transaction: f64, value: Value) -> Vec<u8> {
    amf0::encode(&[Value::string("_result"), Value::Number(transaction), Value::Null, value])
}

/// `_error` for a command that is not known here.
pub(crate) fn unknown(transaction: f64, name: &str) -> Vec<u8> {
    let shown: String = name.chars().take(40).collect();
    let description = format!("Method not found ({shown}).");
    let status = Value::object(information("error", "NetConnection.Call.Failed", &description));
    amf0::encode(&[Value::string("_error"), Value::Number(transaction), Value::Null, status])
}

/// `onStatus`.
pub(crate) fn status(level: &str, code: &str, description: &str) -> Vec<u8> {
    let status = Value::object(information(level, code, description));
    amf0::encode(&[Value::string("onStatus"), Value::Number(0.0), Value::Null, status])
}

/// `onFCPublish`, which some hardware waits for after `FCPublish`.
pub(crate) fn fc_published(stream: &str) -> Vec<u8> {
    let status = Value::object(information("status", "NetStream.Publish.Start", stream));
    amf0::encode(&[Value::string("onFCPublish"), Value::Number(0.0), Value::Null, status])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(name: &str) -> Vec<u8> {
        amf0::encode(&[
            Value::string("publish"),
            Value::Number(5.0),
            Value::Null,
            Value::string(name),
            Value::string("live"),
        ])
    }

    #[test]
    fn publish_names_its_stream_in_either_envelope() {
        let expected = Command::Publish { transaction: 5.0, name: "key".into() };
        assert_eq!(Command::parse(&publish("key"), false), expected);
        assert_eq!(Command::parse(&[vec![0], publish("key")].concat(), true), expected);
        assert_eq!(Command::parse(&publish("key"), true), expected);
    }

    #[test]
    fn half_a_command_is_read_as_far_as_it_goes() {
        let bytes = publish("key");
        let cut = Command::parse(&bytes[..bytes.len() - 3], false);
        assert_eq!(cut, Command::Publish { transaction: 5.0, name: "key".into() });
        assert_eq!(Command::parse(&[], false), Command::Unknown { transaction: 0.0, name: String::new() });
    }

    #[test]
    fn connect_without_properties_still_has_a_transaction() {
        let bytes = amf0::encode(&[Value::string("connect")]);
        assert!(matches!(Command::parse(&bytes, false), Command::Connect { transaction: 1.0, .. }));
    }
}

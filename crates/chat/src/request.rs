//! What clients send: one JSON object a text frame (Chat Messaging API, "Actions (Publish)").
//!
//! Promise: any text is either a request or [`NotAnObject`]; texts without escapes are borrowed, not copied; what
//! is kept is no longer than the text. Keys match whatever their case and unknown ones are passed over, since
//! the vendor's own samples rely on both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The text is no JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object")]
pub struct NotAnObject;

/// A value of one of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<'a> {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// A string.
    Text(Cow<'a, str>),
    /// An object whose values are all strings.
    Map(BTreeMap<String, String>),
    /// Something else.
    Other,
}

/// A request as it was sent: the fields of all actions, not yet judged. Of a key that stands there twice, the
/// last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// Which action.
    pub action: Field<'a>,
    /// The client's own id for it.
    pub request_id: Field<'a>,
    /// SEND_MESSAGE: what is written.
    pub content: Field<'a>,
    /// SEND_MESSAGE: more about it.
    pub attributes: Field<'a>,
    /// DELETE_MESSAGE: which message.
    pub id: Field<'a>,
    /// DELETE_MESSAGE and DISCONNECT_USER: why.
    pub reason: Field<'a>,
    /// DISCONNECT_USER: whom.
    pub user: Field<'a>,
}

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// `SEND_MESSAGE`.
    SendMessage,
    /// `DELETE_MESSAGE`.
    DeleteMessage,
    /// `DISCONNECT_USER`.
    DisconnectUser,
}

impl Action {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::SendMessage, Self::DeleteMessage, Self::DisconnectUser];

    /// The word on the wire, of the action and of the capability for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendMessage => "SEND_MESSAGE",
            Self::DeleteMessage => "DELETE_MESSAGE",
            Self::DisconnectUser => "DISCONNECT_USER",
        }
    }
}

impl<'a> Request<'a> {
    /// Reads the text of a frame.
    ///
    /// # Errors
    /// [`NotAnObject`].
    pub fn parse(text: &'a str) -> Result<Self, NotAnObject> {
        serde_json::from_str(text).map_err(|_| NotAnObject)
    }

    /// The action, if it is one that exists.
    pub fn action(&self) -> Option<Action> {
        let word = self.action.text()?;
        Action::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// The client's id for it, `""` when it gave none.
    pub fn request_id(&self) -> &str {
        self.request_id.text().unwrap_or("")
    }

    fn field(&mut self, key: &str) -> Option<&mut Field<'a>> {
        let fields = [
            ("Action", &mut self.action),
            ("RequestId", &mut self.request_id),
            ("Content", &mut self.content),
            ("Attributes", &mut self.attributes),
            ("Id", &mut self.id),
            ("Reason", &mut self.reason),
            ("UserId", &mut self.user),
        ];
        fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, field)| field)
    }
}

impl Field<'_> {
    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Request<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Request<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut request = Request::default();
                while let Some(Key(key)) = map.next_key()? {
                    match request.field(&key) {
                        Some(field) => *field = map.next_value()?,
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(request)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// A string, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Field::deserialize(deserializer)? {
            Field::Text(text) => Ok(Self(text)),
            _ => Err(de::Error::custom("a key is a string")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Takes whatever stands there: a value of the wrong kind is told with the request's id, so the object has to
/// be read to its end.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut texts = Some(BTreeMap::new());
        while let Some(Key(key)) = map.next_key()? {
            match (map.next_value()?, &mut texts) {
                (Field::Text(value), Some(texts)) => drop(texts.insert(key.into_owned(), value.into_owned())),
                _ => texts = None,
            }
        }
        Ok(texts.map_or(Field::Other, Field::Map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Field<'_> {
        Field::Text(Cow::Borrowed(value))
    }

    #[test]
    fn keys_match_in_any_case_and_unknown_ones_are_passed_over() {
        let request = Request::parse(
            r#"{"action":"SEND_MESSAGE","requestId":"r","CONTENT":"hi","attributes":{"k":"v"},"id":7,"extra":[{"a":[1]}]}"#,
        )
        .expect("an object");
        assert_eq!(request.action(), Some(Action::SendMessage));
        assert_eq!(request.request_id(), "r");
        assert_eq!(request.content, text("hi"));
        assert_eq!(request.attributes, Field::Map(BTreeMap::from([("k".into(), "v".into())])));
        assert_eq!(request.id, Field::Other);
    }

    #[test]
    fn a_value_of_the_wrong_kind_leaves_the_request_id_readable() {
        for wrong in ["7", "-7", "0.5", "true", "[]", r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":{"b":"c"}}"#] {
            let frame = format!(r#"{{"Content":{wrong},"Attributes":{wrong},"RequestId":"r"}}"#);
            let request = Request::parse(&frame).expect("an object");
            assert_eq!((request.content.text(), request.request_id()), (None, "r"), "{wrong}");
            assert_eq!(request.attributes, Field::Other, "{wrong}");
        }
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let request = Request::parse(r#"{"RequestId":null,"Attributes":null,"Content":null}"#);
        assert_eq!(request, Ok(Request::default()));
    }

    #[test]
    fn plain_texts_are_borrowed_and_escaped_ones_are_read() {
        let request =
            Request::parse(r#"{"Content":"plain","Reason":"a\nb\ud83d\ude00"}"#).expect("an object");
        assert!(matches!(request.content, Field::Text(Cow::Borrowed("plain"))));
        assert_eq!(request.reason, text("a\nb😀"));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "",
            " ",
            "null",
            "[]",
            "\"x\"",
            "7",
            "{",
            "{}{}",
            "{} x",
            r#"{"a"}"#,
            "{\"Content\":\"\\ud800\"}",
            "{'a':1}",
        ] {
            assert_eq!(Request::parse(text), Err(NotAnObject), "{text}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        for key in ["Unknown", "Content", "Attributes"] {
            let (open, close) = ("[".repeat(7_000), "]".repeat(7_000));
            let whole = format!(r#"{{"{key}":{open}{close}}}"#);
            assert!(Request::parse(&whole).is_ok_and(|request| request.content.text().is_none()));
            assert_eq!(Request::parse(&format!(r#"{{"{key}":{open}"#)), Err(NotAnObject));
        }
    }
}

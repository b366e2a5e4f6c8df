//! AMF0, the value notation of RTMP commands and of `onMetaData` (Adobe, "Action Message Format -- AMF 0").
//!
//! Promise: decoding is bounded by the bytes given (nesting by [`MAX_DEPTH`], values by [`MAX_VALUES`],
//! and a count that the sender claims never decides an allocation), and it never panics.
//!
//! Tolerated, because encoders in the field do it: an ECMA array whose count is wrong, an object or
//! array that lacks its end marker at the very end of the message, text that is not UTF-8.

/// How deep objects and arrays may nest.
pub const MAX_DEPTH: usize = 16;

/// How many values, nested ones included, one message may hold.
pub const MAX_VALUES: usize = 4_096;

/// Why bytes are not AMF0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Amf0Error {
    /// The bytes end inside a value.
    #[error("the message ends inside a value")]
    Truncated,
    /// A marker that AMF0 reserves, or one that has no place in RTMP (reference, movie clip, AMF3).
    #[error("marker {0:#04x} is not supported")]
    Marker(u8),
    /// Objects nest deeper than [`MAX_DEPTH`].
    #[error("values nest deeper than {MAX_DEPTH}")]
    TooDeep,
    /// More than [`MAX_VALUES`] values.
    #[error("more than {MAX_VALUES} values")]
    TooMany,
}

/// The properties of an object, in the order in which they were written.
pub type Properties = Vec<(String, Value)>;

/// One AMF0 value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Every number is a double.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A string or long string.
    String(String),
    /// An anonymous or a typed object (the type's name is dropped).
    Object(Properties),
    /// Null.
    Null,
    /// Undefined.
    Undefined,
    /// An ECMA array: an object by another marker.
    EcmaArray(Properties),
    /// An array without keys.
    StrictArray(Vec<Value>),
    /// Milliseconds since 1970 in UTC; the time zone is reserved and dropped.
    Date(f64),
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// An object with these properties.
    pub fn object<K: Into<String>>(properties: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(properties.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number; a boolean counts as 0 or 1, for encoders that write flags as numbers and back.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Boolean(flag) => Some(if *flag { 1.0 } else { 0.0 }),
            _ => None,
        }
    }

    /// The properties of an object or ECMA array.
    pub fn properties(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(properties) | Self::EcmaArray(properties) => Some(properties),
            _ => None,
        }
    }

    /// The first property of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.properties()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// Decodes all values of a message.
///
/// # Errors
/// The first fault found; see [`decode_prefix`] for those who can live with what came before it.
pub fn decode(bytes: &[u8]) -> Result<Vec<Value>, Amf0Error> {
    let (values, fault) = decode_prefix(bytes);
    fault.map_or(Ok(values), Err)
}

/// Decodes values up to the first fault: what could be read, and the fault if there was one.
pub fn decode_prefix(bytes: &[u8]) -> (Vec<Value>, Option<Amf0Error>) {
    let mut reader = Reader { rest: bytes, left: MAX_VALUES };
    let mut values = Vec::new();
    while !reader.rest.is_empty() {
        match reader.value(0) {
            Ok(value) => values.push(value),
            Err(fault) => return (values, Some(fault)),
        }
    }
    (values, None)
}

/// Encodes values one after the other.
pub fn encode(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    values.iter().for_each(|value| write(&mut out, value));
    out
}

mod marker {
    pub(super) const NUMBER: u8 = 0x00;
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const STRING: u8 = 0x02;
    pub(super) const OBJECT: u8 = 0x03;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const UNDEFINED: u8 = 0x06;
    pub(super) const ECMA_ARRAY: u8 = 0x08;
    pub(super) const OBJECT_END: u8 = 0x09;
    pub(super) const STRICT_ARRAY: u8 = 0x0a;
    pub(super) const DATE: u8 = 0x0b;
    pub(super) const LONG_STRING: u8 = 0x0c;
    pub(super) const XML: u8 = 0x0f;
    pub(super) const TYPED_OBJECT: u8 = 0x10;
}

struct Reader<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Amf0Error> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(Amf0Error::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Amf0Error> {
        self.take(N)?.try_into().map_err(|_| Amf0Error::Truncated)
    }

    fn double(&mut self) -> Result<f64, Amf0Error> {
        self.array().map(f64::from_be_bytes)
    }

    fn short_text(&mut self) -> Result<String, Amf0Error> {
        let length = u16::from_be_bytes(self.array()?);
        self.text(usize::from(length))
    }

    fn long_text(&mut self) -> Result<String, Amf0Error> {
        let length = u32::from_be_bytes(self.array()?);
        self.text(usize::try_from(length).map_err(|_| Amf0Error::Truncated)?)
    }

    fn text(&mut self, length: usize) -> Result<String, Amf0Error> {
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Amf0Error> {
        if depth > MAX_DEPTH {
            return Err(Amf0Error::TooDeep);
        }
        self.left = self.left.checked_sub(1).ok_or(Amf0Error::TooMany)?;
        let [kind] = self.array()?;
        Ok(match kind {
            marker::NUMBER => Value::Number(self.double()?),
            marker::BOOLEAN => Value::Boolean(self.array::<1>()? != [0]),
            marker::STRING => Value::String(self.short_text()?),
            marker::LONG_STRING | marker::XML => Value::String(self.long_text()?),
            marker::OBJECT => Value::Object(self.entries(depth)?),
            marker::TYPED_OBJECT => {
                self.short_text()?;
                Value::Object(self.entries(depth)?)
            }
            marker::ECMA_ARRAY => {
                self.take(4)?;
                Value::EcmaArray(self.entries(depth)?)
            }
            marker::STRICT_ARRAY => Value::StrictArray(self.elements(depth)?),
            marker::DATE => {
                let millis = self.double()?;
                self.take(2)?;
                Value::Date(millis)
            }
            marker::NULL => Value::Null,
            marker::UNDEFINED => Value::Undefined,
            other => return Err(Amf0Error::Marker(other)),
        })
    }

    /// Properties up to the end marker. The message's end stands for a missing one, but only between
    /// two properties: a cut inside one is a fault.
    fn entries(&mut self, depth: usize) -> Result<Properties, Amf0Error> {
        let mut entries = Vec::new();
        while !self.rest.is_empty() {
            let name = self.short_text()?;
            if name.is_empty() && self.rest.first().is_none_or(|next| *next == marker::OBJECT_END) {
                self.rest = self.rest.get(1..).unwrap_or_default();
                break;
            }
            entries.push((name, self.value(depth + 1)?));
        }
        Ok(entries)
    }

    fn elements(&mut self, depth: usize) -> Result<Vec<Value>, Amf0Error> {
        let count = u32::from_be_bytes(self.array()?);
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(self.value(depth + 1)?);
        }
        Ok(elements)
    }
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Number(number) => {
            out.push(marker::NUMBER);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Boolean(flag) => out.extend_from_slice(&[marker::BOOLEAN, u8::from(*flag)]),
        Value::String(text) => write_string(out, text),
        Value::Object(entries) => {
            out.push(marker::OBJECT);
            write_entries(out, entries);
        }
        Value::EcmaArray(entries) => {
            out.push(marker::ECMA_ARRAY);
            out.extend_from_slice(&length_u32(entries.len()).to_be_bytes());
            write_entries(out, entries);
        }
        Value::StrictArray(elements) => {
            out.push(marker::STRICT_ARRAY);
            let count = length_u32(elements.len());
            out.extend_from_slice(&count.to_be_bytes());
            elements.iter().for_each(|element| write(out, element));
        }
        Value::Date(millis) => {
            out.push(marker::DATE);
            out.extend_from_slice(&millis.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
        }
        Value::Null => out.push(marker::NULL),
        Value::Undefined => out.push(marker::UNDEFINED),
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    if let Ok(length) = u16::try_from(text.len()) {
        out.push(marker::STRING);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(marker::LONG_STRING);
        out.extend_from_slice(&length_u32(text.len()).to_be_bytes());
    }
    out.extend_from_slice(text.as_bytes());
}

/// A key has 65 535 bytes at most; a longer one is cut at a character, as nothing else can be written.
fn write_entries(out: &mut Vec<u8>, entries: &[(String, Value)]) {
    for (name, value) in entries {
        let name = &name[..name.floor_char_boundary(usize::from(u16::MAX))];
        out.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(name.as_bytes());
        write(out, value);
    }
    out.extend_from_slice(&[0, 0, marker::OBJECT_END]);
}

fn length_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metadata() -> Value {
        Value::EcmaArray(vec![
            ("width".into(), Value::Number(1280.0)),
            ("stereo".into(), Value::Boolean(true)),
            ("encoder".into(), Value::string("Lavf59")),
        ])
    }

    #[test]
    fn values_survive_encode_and_decode() {
        let values = vec![
            Value::string("connect"),
            Value::Number(1.0),
            Value::object([("app", Value::string("live")), ("nested", Value::object([("n", Value::Null)]))]),
            metadata(),
            Value::StrictArray(vec![Value::Number(1.0), Value::Undefined]),
            Value::Date(1.5e12),
            Value::String("x".repeat(70_000)),
        ];
        assert_eq!(decode(&encode(&values)), Ok(values));
    }

    #[test]
    fn an_ecma_array_with_a_wrong_count_is_read_by_its_end_marker() {
        for claimed in [0u8, 1, 200] {
            let mut bytes = encode(&[metadata()]);
            bytes[4] = claimed;
            assert_eq!(decode(&bytes), Ok(vec![metadata()]), "{claimed}");
        }
    }

    #[test]
    fn a_missing_end_marker_at_the_end_of_the_message_is_tolerated() {
        let whole = encode(&[metadata()]);
        assert_eq!(decode(&whole[..whole.len() - 3]), Ok(vec![metadata()]));
        assert_eq!(decode(&whole[..whole.len() - 1]), Ok(vec![metadata()]));
        assert_eq!(decode(&whole[..whole.len() - 5]), Err(Amf0Error::Truncated));
    }

    #[test]
    fn a_strict_array_that_claims_four_billion_values_is_cut_short() {
        assert_eq!(decode(&[0x0a, 0xff, 0xff, 0xff, 0xff]), Err(Amf0Error::Truncated));
        let mut many = vec![0x0a, 0xff, 0xff, 0xff, 0xff];
        many.extend(std::iter::repeat_n(0x05, MAX_VALUES + 10));
        assert_eq!(decode(&many), Err(Amf0Error::TooMany));
    }

    #[test]
    fn nesting_ends_at_its_limit() {
        let deep: Vec<u8> = [0x03, 0, 1, b'a'].repeat(100_000);
        assert_eq!(decode(&deep), Err(Amf0Error::TooDeep));
    }

    #[test]
    fn an_object_may_have_an_empty_key() {
        let value = Value::object([("", Value::Number(2.0)), ("b", Value::Null)]);
        assert_eq!(decode(&encode(std::slice::from_ref(&value))), Ok(vec![value]));
    }

    #[test]
    fn a_typed_object_reads_as_an_object_and_amf3_is_refused() {
        let mut typed = vec![0x10, 0, 1, b'T'];
        typed.extend_from_slice(&[0, 1, b'k', 0x05, 0, 0, 9]);
        assert_eq!(decode(&typed), Ok(vec![Value::object([("k", Value::Null)])]));
        let (values, fault) = decode_prefix(&[0x05, 0x11, 0x01]);
        assert_eq!((values, fault), (vec![Value::Null], Some(Amf0Error::Marker(0x11))));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<f64>().prop_filter("NaN is not equal to itself", |n| !n.is_nan()).prop_map(Value::Number),
            any::<bool>().prop_map(Value::Boolean),
            ".{0,20}".prop_map(Value::String),
            Just(Value::Null),
            Just(Value::Undefined),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let entries = prop::collection::vec(("[a-z]{1,8}", inner.clone()), 0..6);
            prop_oneof![
                entries.clone().prop_map(Value::Object),
                entries.prop_map(Value::EcmaArray),
                prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_value_survives_the_way_there_and_back(values in prop::collection::vec(value(), 0..5)) {
            prop_assert_eq!(decode(&encode(&values)), Ok(values));
        }

        #[test]
        fn garbage_never_panics_and_yields_no_more_than_its_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let (values, _) = decode_prefix(&bytes);
            prop_assert!(values.len() <= bytes.len());
        }
    }
}

//! A service model (botocore's `service-2.json`) as values.
//!
//! Promise: what the generator can't express is an error that names the shape, never silently dropped.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::exceptions::{longer, more_words};

/// The parts of a model that code is made from.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) operations: Vec<Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) sensitive: bool,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Structure { members: Vec<Member>, union: bool, status: Option<u16> },
    Text { min: Option<i64>, max: Option<i64>, pattern: Option<String> },
    Enum(Vec<String>),
    Integer { min: Option<i64>, max: Option<i64>, long: bool },
    Boolean,
    Timestamp,
    List { min: Option<i64>, max: Option<i64>, each: String },
    Map { min: Option<i64>, max: Option<i64>, key: String, value: String },
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) shape: String,
    pub(crate) required: bool,
    pub(crate) place: Place,
}

/// Where a member stands in the HTTP message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Body,
    Path,
    Query,
    Header(String),
}

impl Model {
    pub(crate) fn parse(json: &Value) -> Result<Self, String> {
        let operations = object(json, "operations")?;
        let shapes = object(json, "shapes")?;
        Ok(Self {
            operations: operations
                .iter()
                .map(|(name, json)| operation(name, json))
                .collect::<Result<_, _>>()?,
            shapes: shapes
                .iter()
                .map(|(name, json)| Ok((name.clone(), shape(name, json)?)))
                .collect::<Result<_, String>>()?,
        })
    }

    pub(crate) fn operation(&self, name: &str) -> Result<&Operation, String> {
        self.operations.iter().find(|op| op.name == name).ok_or(format!("the model has no operation {name}"))
    }

    pub(crate) fn shape(&self, name: &str) -> Result<&Shape, String> {
        self.shapes.get(name).ok_or(format!("the model has no shape {name}"))
    }

    pub(crate) fn members(&self, name: &str) -> Result<&[Member], String> {
        match &self.shape(name)?.kind {
            Kind::Structure { members, .. } => Ok(members),
            _ => Err(format!("{name} is not a structure")),
        }
    }
}

fn operation(name: &str, json: &Value) -> Result<Operation, String> {
    let http = &json["http"];
    let shape = |part: &str| json[part]["shape"].as_str().map(str::to_owned);
    Ok(Operation {
        name: name.to_owned(),
        method: text(http, "method").ok_or(format!("{name} has no method"))?,
        path: text(http, "requestUri").ok_or(format!("{name} has no path"))?,
        status: http["responseCode"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(200),
        input: shape("input"),
        output: shape("output"),
    })
}

fn shape(name: &str, json: &Value) -> Result<Shape, String> {
    let (min, max) = (json["min"].as_i64(), json["max"].as_i64());
    let part = |part: &str| text(&json[part], "shape").ok_or(format!("{name} has no {part} shape"));
    let kind = match json["type"].as_str().unwrap_or_default() {
        "structure" => structure(name, json)?,
        "string" => match json["enum"].as_array() {
            Some(words) => {
                let words = words.iter().filter_map(Value::as_str).chain(more_words(name).iter().copied());
                Kind::Enum(words.map(str::to_owned).collect())
            }
            None => Kind::Text { min, max: longer(name).or(max), pattern: text(json, "pattern") },
        },
        "integer" => Kind::Integer { min, max, long: false },
        "long" => Kind::Integer { min, max, long: true },
        "boolean" => Kind::Boolean,
        "timestamp" => Kind::Timestamp,
        "list" => Kind::List { min, max, each: part("member")? },
        "map" => Kind::Map { min, max, key: part("key")?, value: part("value")? },
        other => return Err(format!("{name}: shapes of type {other:?} are not supported")),
    };
    Ok(Shape { kind, sensitive: json["sensitive"].as_bool().unwrap_or(false) })
}

fn structure(name: &str, json: &Value) -> Result<Kind, String> {
    let required: Vec<_> =
        json["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let member = |(member, json): (&String, &Value)| {
        let shape = text(json, "shape").ok_or(format!("{name}.{member} has no shape"))?;
        let wire = text(json, "locationName").unwrap_or_else(|| member.clone());
        let place = match json["location"].as_str() {
            None => Place::Body,
            Some("uri") => Place::Path,
            Some("querystring") => Place::Query,
            Some("header") => Place::Header(wire.clone()),
            Some(other) => return Err(format!("{name}.{member}: location {other} is not supported")),
        };
        if !matches!(place, Place::Header(_)) && wire != *member {
            return Err(format!("{name}.{member}: another name on the wire ({wire}) is not supported"));
        }
        Ok(Member { name: member.clone(), shape, required: required.contains(&member.as_str()), place })
    };
    Ok(Kind::Structure {
        members: object(json, "members")?.iter().map(member).collect::<Result<_, String>>()?,
        union: json["union"].as_bool().unwrap_or(false),
        status: json["error"]["httpStatusCode"].as_u64().and_then(|code| u16::try_from(code).ok()),
    })
}

fn text(json: &Value, name: &str) -> Option<String> {
    json[name].as_str().map(str::to_owned)
}

fn object<'a>(json: &'a Value, name: &str) -> Result<&'a serde_json::Map<String, Value>, String> {
    json[name].as_object().ok_or(format!("the model has no {name}"))
}

//! Which shapes the served operations need, in a stable order.
//!
//! Promise: a shape appears once, after nothing but name order; shapes for reading and for writing are told
//! apart, so that no unused code is generated.

use std::collections::BTreeSet;

use crate::exceptions::FRAME_HEADERS;
use crate::model::{Kind, Member, Model, Operation, Place};

/// The shapes that inputs and outputs lead to.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) read: BTreeSet<String>,
    pub(crate) written: BTreeSet<String>,
}

impl Reach {
    pub(crate) fn of(model: &Model, served: &[&Operation]) -> Result<Self, String> {
        let mut reach = Self::default();
        for operation in served {
            if let Some(input) = &operation.input {
                walk(model, input, &mut reach.read)?;
            }
            if let Some(output) = &operation.output {
                walk(model, output, &mut reach.written)?;
            }
        }
        Ok(reach)
    }
}

/// Is this output member one that the frame answers by itself?
pub(crate) fn framed(member: &Member) -> bool {
    matches!(&member.place, Place::Header(name) if FRAME_HEADERS.contains(&name.as_str()))
}

fn walk(model: &Model, name: &str, seen: &mut BTreeSet<String>) -> Result<(), String> {
    let shape = model.shape(name)?;
    if !seen.insert(name.to_owned()) {
        return Ok(());
    }
    match &shape.kind {
        Kind::Structure { members, .. } => {
            members.iter().filter(|member| !framed(member)).try_for_each(|m| walk(model, &m.shape, seen))
        }
        Kind::List { each, .. } => walk(model, each, seen),
        Kind::Map { key, value, .. } => walk(model, key, seen).and_then(|()| walk(model, value, seen)),
        _ => Ok(()),
    }
}

//! From JSON to a policy (IAM User Guide, "Grammar of the IAM JSON policy language").
//!
//! Promise: nothing is skipped; a member, operator, key or value that is not understood is an error with its
//! place.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::Condition;
use super::error::{Fault, PolicyError};
use super::json::Json;
use super::operator::Operator;
use super::pattern::{Atom, Pattern, Syntax, atoms};
use super::statement::{Statement, Targets};
use super::{Effect, MAX_STATEMENTS, MAX_VALUES, Named};

type Members = BTreeMap<String, Json>;

/// A fault with the member that has it, still without the statement.
struct Misplaced {
    member: String,
    fault: Fault,
}

impl Fault {
    fn at(self, member: impl Into<String>) -> Misplaced {
        Misplaced { member: member.into(), fault: self }
    }
}

/// Reads a whole document.
pub(super) fn document(json: Json) -> Result<Vec<Statement>, PolicyError> {
    let outside = |Misplaced { member, fault }| PolicyError::Document { member, fault };
    let Json::Object(mut members) = json else {
        return Err(outside(Fault::MustBe("an object with a Statement").at("the policy")));
    };
    let variables = version(members.remove("Version")).map_err(|fault| outside(fault.at("Version")))?;
    if !matches!(members.remove("Id"), None | Some(Json::Text(_))) {
        return Err(outside(Fault::MustBe("a text").at("Id")));
    }
    let listed = match members.remove("Statement") {
        None => return Err(outside(Fault::Missing.at("Statement"))),
        Some(Json::List(list)) => list,
        Some(one) => vec![one],
    };
    nothing_left(members, "Version, Id and Statement").map_err(outside)?;
    bounded(listed.len(), MAX_STATEMENTS).map_err(|fault| outside(fault.at("Statement")))?;
    statements(listed, variables)
}

/// Whether the version knows variables; without one it is the older, which does not.
fn version(member: Option<Json>) -> Result<bool, Fault> {
    match member {
        None => Ok(false),
        Some(Json::Text(text)) if text == "2012-10-17" => Ok(true),
        Some(Json::Text(text)) if text == "2008-10-17" => Ok(false),
        Some(_) => Err(Fault::MustBe("\"2012-10-17\" or \"2008-10-17\"")),
    }
}

fn statements(listed: Vec<Json>, variables: bool) -> Result<Vec<Statement>, PolicyError> {
    let mut sids = BTreeSet::new();
    let mut statements = Vec::with_capacity(listed.len());
    for (index, json) in listed.into_iter().enumerate() {
        let name = name(&json, index);
        let inside =
            |Misplaced { member, fault }| PolicyError::Statement { statement: name.clone(), member, fault };
        let Json::Object(mut members) = json else {
            return Err(inside(Fault::MustBe("an object with Effect, Action and Resource").at("Statement")));
        };
        sid(members.remove("Sid"), &mut sids).map_err(|fault| inside(fault.at("Sid")))?;
        statements.push(statement(name.clone(), members, variables).map_err(inside)?);
    }
    Ok(statements)
}

/// What the statement is called: its Sid, else its number.
fn name(json: &Json, index: usize) -> Named {
    let sid = if let Json::Object(members) = json { members.get("Sid") } else { None };
    match sid {
        Some(Json::Text(sid)) if !sid.is_empty() => Named::new(sid),
        _ => Named::new(&format!("statement {}", index + 1)),
    }
}

/// Identity policies allow letters and digits in a Sid, each but once ("Grammar", notes about string values).
fn sid(member: Option<Json>, earlier: &mut BTreeSet<String>) -> Result<(), Fault> {
    match member {
        None => Ok(()),
        Some(Json::Text(sid)) if sid.is_empty() => Ok(()),
        Some(Json::Text(sid)) if sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            if earlier.insert(sid) { Ok(()) } else { Err(Fault::SameSid) }
        }
        Some(_) => Err(Fault::MustBe("a text of letters and digits")),
    }
}

fn statement(name: Named, mut members: Members, variables: bool) -> Result<Statement, Misplaced> {
    for principal in ["Principal", "NotPrincipal"] {
        if members.contains_key(principal) {
            return Err(Fault::Principal.at(principal));
        }
    }
    let effect = effect(members.remove("Effect")).map_err(|fault| fault.at("Effect"))?;
    let actions = targets(&mut members, ["Action", "NotAction"], action)?;
    let resources = targets(&mut members, ["Resource", "NotResource"], |text| resource(text, variables))?;
    let conditions =
        members.remove("Condition").map_or(Ok(Vec::new()), |json| conditions(json, variables))?;
    nothing_left(members, "Sid, Effect, Action, NotAction, Resource, NotResource and Condition")?;
    Ok(Statement { name, effect, actions, resources, conditions: conditions.into() })
}

fn effect(member: Option<Json>) -> Result<Effect, Fault> {
    match member {
        None => Err(Fault::Missing),
        Some(Json::Text(text)) if text == "Allow" => Ok(Effect::Allow),
        Some(Json::Text(text)) if text == "Deny" => Ok(Effect::Deny),
        Some(_) => Err(Fault::MustBe("\"Allow\" or \"Deny\"")),
    }
}

/// Reads a member or its opposite, of which a statement must have exactly one.
fn targets(
    members: &mut Members,
    [plain, not]: [&'static str; 2],
    read: impl Fn(&str) -> Result<Pattern, Fault>,
) -> Result<Targets, Misplaced> {
    let (member, json, negated) = match (members.remove(plain), members.remove(not)) {
        (Some(json), None) => (plain, json, false),
        (None, Some(json)) => (not, json, true),
        (Some(_), Some(_)) => return Err(Fault::Beside(plain).at(not)),
        (None, None) => return Err(Fault::Missing.at(plain)),
    };
    let text = |json| {
        if let Json::Text(text) = json { Ok(text) } else { Err(Fault::MustBe("a text or a list of texts")) }
    };
    let patterns: Result<Box<[_]>, _> =
        list(json, text).and_then(|texts| texts.iter().map(|text| read(text)).collect());
    let patterns = patterns.map_err(|fault| fault.at(member))?;
    let variables = patterns.iter().flat_map(Pattern::variables).cloned().collect();
    Ok(Targets { member, negated, patterns, variables })
}

/// An action: a service's name without wildcards, and a pattern for the rest. Actions have no variables.
fn action(text: &str) -> Result<Pattern, Fault> {
    let service = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let rest = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?".contains(&byte))
    };
    let fits =
        text == "*" || text.split_once(':').is_some_and(|(name, action)| service(name) && rest(action));
    if !fits {
        return Err(Fault::Action(text.to_owned()));
    }
    Pattern::parse(text, Syntax { wildcards: true, variables: false })
}

/// A resource: `*` or an ARN, whose part after the fifth colon may have variables.
fn resource(text: &str, variables: bool) -> Result<Pattern, Fault> {
    if text != "*" && !text.starts_with("arn:") {
        return Err(Fault::Resource(text.to_owned()));
    }
    let atoms = atoms(text, Syntax { wildcards: true, variables })?;
    let before = atoms.iter().take_while(|atom| !matches!(atom, Atom::Variable(_)));
    let colons = before.clone().filter(|atom| matches!(atom, Atom::Char(':'))).count();
    if before.count() < atoms.len() && colons < 5 {
        return Err(Fault::EarlyVariable(text.to_owned()));
    }
    Ok(Pattern::of_atoms(text, atoms))
}

fn conditions(json: Json, variables: bool) -> Result<Vec<Condition>, Misplaced> {
    let Json::Object(operators) = json else {
        return Err(Fault::MustBe("an object of operators").at("Condition"));
    };
    let mut conditions = Vec::new();
    for (name, json) in operators {
        let place = format!("Condition {name}");
        let Some(operator) = Operator::parse(&name) else { return Err(Fault::UnknownOperator.at(place)) };
        let Json::Object(keys) = json else {
            return Err(Fault::MustBe("an object of condition keys").at(place));
        };
        if keys.is_empty() {
            return Err(Fault::Empty.at(place));
        }
        let mut seen = BTreeSet::new();
        for (key, json) in keys {
            let place = format!("{place} {key}");
            if !seen.insert(key.to_lowercase()) {
                return Err(Fault::SameKey.at(place));
            }
            let condition = list(json, scalar)
                .and_then(|values| Condition::parse(&name, operator, &key, values, variables));
            conditions.push(condition.map_err(|fault| fault.at(place))?);
        }
    }
    Ok(conditions)
}

/// A value or a list of values, at least one.
fn list(json: Json, read: impl Fn(Json) -> Result<String, Fault>) -> Result<Vec<String>, Fault> {
    let values = if let Json::List(values) = json { values } else { vec![json] };
    if values.is_empty() {
        return Err(Fault::Empty);
    }
    bounded(values.len(), MAX_VALUES)?;
    values.into_iter().map(read).collect()
}

fn scalar(json: Json) -> Result<String, Fault> {
    match json {
        Json::Text(text) | Json::Number(text) => Ok(text),
        Json::Truth(truth) => Ok(truth.to_string()),
        Json::Null | Json::List(_) | Json::Object(_) => {
            Err(Fault::MustBe("a text, a number, true or false, or a list of them"))
        }
    }
}

fn bounded(have: usize, allowed: usize) -> Result<(), Fault> {
    if have <= allowed { Ok(()) } else { Err(Fault::TooMany { have, allowed }) }
}

fn nothing_left(members: Members, known: &'static str) -> Result<(), Misplaced> {
    members.into_keys().next().map_or(Ok(()), |name| Err(Fault::UnknownMember(known).at(name)))
}

//! Writes a service's operations: the list, the routes, the trait and the way from one to the other.
//!
//! Promise: every served operation has a variant, a route, a function and an arm; forgetting one does not compile.

use crate::model::{Kind, Model, Operation, Place};
use crate::names::snake;

/// `operations.rs` of one service.
pub(crate) fn operations(
    service: &str,
    name: &str,
    model: &Model,
    served: &[&Operation],
) -> Result<String, String> {
    let purpose = "The served operations: how each is bound to HTTP, and the trait that gives them meaning.";
    let mut text = super::heading(service, purpose, "each operation is reached by its own route alone.");
    text += "use std::future::Future;\n\nuse http::Method;\nuse serde_json::{Map, Value};\n\n\
             use super::shapes::*;\nuse crate::answer::{Reply, reply};\nuse crate::call::Call;\n\
             use crate::error::ApiError;\nuse crate::route::Route;\nuse crate::rule::parse;\n\n";
    text += &list(served);
    text += &routes(service, model, served)?;
    text += &interface(name, served)?;
    text += &perform(name, served);
    text += &every(service, served)?;
    text += &exceptions(model);
    Ok(text)
}

fn list(served: &[&Operation]) -> String {
    let variants: String = served.iter().map(|op| format!("/// `{}`.\n{},\n", op.name, op.name)).collect();
    let all: Vec<_> = served.iter().map(|op| format!("Self::{}", op.name)).collect();
    format!(
        "/// An operation that is served.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n\
         pub enum Operation {{\n{variants}}}\n\nimpl Operation {{\n/// All of them, in the order of the list.\n\
         pub const ALL: &[Self] = &[{}];\n\n",
        all.join(", ")
    )
}

fn routes(service: &str, model: &Model, served: &[&Operation]) -> Result<String, String> {
    let mut arms = String::new();
    for op in served {
        let query = query(model, op)?.join(", ");
        let Operation { name, method, status, .. } = op;
        let path = path(op)?;
        arms += &format!(
            "Self::{name} => &Route {{ name: {name:?}, action: \"{service}:{name}\", method: Method::{method}, \
             path: {path:?}, query: &[{query}], status: {status} }},\n",
        );
    }
    Ok(format!(
        "/// How it is bound to HTTP.\npub fn route(self) -> &'static Route {{\nmatch self {{\n{arms}}}\n}}\n}}\n\n"
    ))
}

/// The path; its label, if it has one, must be its end: the frame reads no other.
fn path(op: &Operation) -> Result<&str, String> {
    match op.path.split_once('{') {
        Some((_, label)) if label.find('}') != Some(label.len() - 1) => {
            Err(format!("{}: only one label, at the end of the path, is supported", op.name))
        }
        _ => Ok(&op.path),
    }
}

/// The query's members; each must be a list of texts, the only kind that the models have.
fn query(model: &Model, op: &Operation) -> Result<Vec<String>, String> {
    let Some(input) = &op.input else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for member in model.members(input)? {
        match &member.place {
            Place::Query => match &model.shape(&member.shape)?.kind {
                Kind::List { .. } => names.push(format!("{:?}", member.name)),
                _ => return Err(format!("{input}.{}: only lists are supported in a query", member.name)),
            },
            Place::Header(_) => {
                return Err(format!("{input}.{}: input headers are not supported", member.name));
            }
            Place::Path | Place::Body => {}
        }
    }
    Ok(names)
}

fn interface(name: &str, served: &[&Operation]) -> Result<String, String> {
    let mut text = format!(
        "/// What the operations mean; implemented by the service that owns the resources. Each function gets a\n\
         /// proven caller and an input within the model's bounds.\npub trait {name}: Send + Sync + 'static {{\n"
    );
    for op in served {
        let input =
            op.input.as_ref().ok_or(format!("{}: an operation without input is not supported", op.name))?;
        text += &format!(
            "/// `{} {}`, answers {}.\nfn {}(&self, call: &Call, input: {input}) -> \
             impl Future<Output = Result<{}, ApiError>> + Send;\n\n",
            op.method,
            op.path,
            op.status,
            snake(&op.name),
            op.output.as_deref().unwrap_or("()")
        );
    }
    Ok(text + "}\n\n")
}

fn perform(name: &str, served: &[&Operation]) -> String {
    let arms: String = served
        .iter()
        .map(|op| {
            let call = format!("service.{}(&call, input).await?", snake(&op.name));
            let done = match op.output {
                Some(_) => format!("reply(&{call})"),
                None => format!("{call};\nOk(Reply::Empty)"),
            };
            format!(
                "Operation::{} => {{\nlet input = parse(members)?;\nlet call = permission.await?;\n{done}\n}}\n",
                op.name
            )
        })
        .collect();
    format!(
        "/// Reads the input, then asks for permission, then has the operation done and writes the output. There is\n\
         /// no call but the one that the permission gives, so no operation is reached without it.\n\
         pub(crate) async fn perform<S: {name}>(service: &S, operation: Operation, members: &Map<String, Value>, \
         permission: impl Future<Output = Result<Call, ApiError>> + Send) -> Result<Reply, ApiError> {{\n\
         match operation {{\n{arms}}}\n}}\n\n"
    )
}

/// A list that other crates can walk at compile time: whoever answers all operations alike writes one line.
fn every(service: &str, served: &[&Operation]) -> Result<String, String> {
    let mut lines = String::new();
    for op in served {
        let input =
            op.input.as_ref().ok_or(format!("{}: an operation without input is not supported", op.name))?;
        let output = op.output.as_ref().map_or("()".to_owned(), |name| format!("$crate::{service}::{name}"));
        lines += &format!("    {} {} $crate::{service}::{input} => {output};\n", snake(&op.name), op.name);
    }
    Ok(format!(
        "/// Calls a macro with every served operation, one a line: `function Operation Input => Output;`. For\n\
         /// whoever answers all of them alike, as tests do.\n#[macro_export]\nmacro_rules! {service}_operations {{\n\
         ($callback:ident) => {{\n  $callback! {{\n{lines}  }}\n}};\n}}\n\n"
    ))
}

fn exceptions(model: &Model) -> String {
    let lines: String = model
        .shapes
        .iter()
        .filter_map(|(name, shape)| match &shape.kind {
            Kind::Structure { status: Some(status), .. } => Some(format!("({name:?}, {status}),\n")),
            _ => None,
        })
        .collect();
    format!(
        "/// The service's exceptions and the HTTP status of each.\n\
         #[cfg(test)]\npub(crate) const EXCEPTIONS: &[(&str, u16)] = &[\n{lines}];\n"
    )
}

#[cfg(test)]
mod tests {
    use crate::model::Model;
    use crate::write::sample;

    #[test]
    fn path_query_and_status_become_the_route() {
        let model = Model::parse(&sample::model()).expect("a whole model");
        let served = ["UntagResource", "Tell"].map(|name| model.operation(name).expect("in the sample"));
        let text = super::operations("sample", "Sample", &model, &served).expect("expressible");
        let route = "Route { name: \"UntagResource\", action: \"sample:UntagResource\", method: Method::DELETE, \
                     path: \"/tags/{resourceArn}\", query: &[\"tagKeys\"], status: 200 }";
        assert!(text.contains(route), "{text}");
        assert!(text.contains("(\"Gone\", 410),"), "{text}");
    }

    #[test]
    fn an_operation_is_done_after_its_input_is_read_and_permission_is_given() {
        let model = Model::parse(&sample::model()).expect("a whole model");
        let served = ["UntagResource", "Tell"].map(|name| model.operation(name).expect("in the sample"));
        let text = super::operations("sample", "Sample", &model, &served).expect("expressible");
        let order = "let input = parse(members)?;\nlet call = permission.await?;\n";
        let untag = format!("{order}reply(&service.untag_resource(&call, input).await?)");
        let tell = format!("{order}service.tell(&call, input).await?;\nOk(Reply::Empty)");
        assert!(text.contains(&untag) && text.contains(&tell), "{text}");
    }

    #[test]
    fn a_label_in_the_middle_of_a_path_is_refused() {
        let mut json = sample::model();
        json["operations"]["Tell"]["http"]["requestUri"] = "/Tell/{type}/twice".into();
        let model = Model::parse(&json).expect("a whole model");
        let served = [model.operation("Tell").expect("in the sample")];
        let error = super::operations("sample", "Sample", &model, &served).expect_err("not expressible");
        assert!(error.contains("at the end of the path"), "{error}");
    }
}

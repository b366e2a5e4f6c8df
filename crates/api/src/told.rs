//! What the body of an error says, as the called service's model has it.
//!
//! Promise: every member that the model requires of an exception is there.

use serde_json::{Value, json};

use crate::error::{ApiError, Why};
use crate::route::Service;

/// The only word of `ivschat`'s `ResourceType`, also for what is no room.
const RESOURCE_TYPE: &str = "ROOM";

/// `resourceId` where no resource is meant, in the alphabet of the model.
const NO_ID: &str = "none";

/// The body of an error.
pub(crate) fn body(service: Option<Service>, error: &ApiError) -> Value {
    match service {
        Some(Service::IvsChat) => in_chat(error),
        Some(Service::Ivs) | None => in_streaming(error),
    }
}

/// The text stands twice: as `exceptionMessage` for modelled readers, as `message` for generic ones.
fn in_streaming(error: &ApiError) -> Value {
    let text = error.told();
    json!({ "__type": error.wire().1, "exceptionMessage": text, "message": text })
}

fn in_chat(error: &ApiError) -> Value {
    let mut body = json!({ "__type": error.wire().1, "message": error.told() });
    match error {
        ApiError::ResourceNotFound(why) | ApiError::Conflict(why) => put_resource(&mut body, why),
        ApiError::ServiceQuotaExceeded(why) | ApiError::Throttling(why) => {
            put_resource(&mut body, why);
            body["limit"] = why.limit.unwrap_or_default().into();
        }
        ApiError::Invalid(found) => {
            let fields = found.found().iter();
            put_fields(&mut body, fields.map(|one| (one.path.as_str(), one.text.as_str())));
        }
        ApiError::Validation(text) => match member(text) {
            Some(name) => put_fields(&mut body, [(name, text.as_str())].into_iter()),
            None => body["reason"] = "OTHER".into(),
        },
        ApiError::BodyBroken => body["reason"] = "OTHER".into(),
        _ => {}
    }
    body
}

fn put_resource(body: &mut Value, why: &Why) {
    let id = why.resource.as_deref().unwrap_or_default();
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
    body["resourceId"] = if id.is_empty() { NO_ID.into() } else { id.into() };
    body["resourceType"] = RESOURCE_TYPE.into();
}

fn put_fields<'a>(body: &mut Value, fields: impl Iterator<Item = (&'a str, &'a str)>) {
    body["reason"] = "FIELD_VALIDATION_FAILED".into();
    body["fieldList"] = fields.map(|(name, message)| json!({ "name": name, "message": message })).collect();
}

/// The member that a text begins with.
fn member(text: &str) -> Option<&str> {
    let (name, _) = text.split_once(": ")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'[' | b']');
    (!name.is_empty() && name.bytes().all(fits)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(error: &ApiError) -> Value {
        body(Some(Service::IvsChat), error)
    }

    #[test]
    fn chats_errors_have_the_members_that_its_model_requires() {
        let arn = "arn:aws:ivschat:us-east-1:123456789012:room/aB-3";
        let missing = ApiError::not_found(&arn.parse().expect("an ARN"));
        let (text, code) = (format!("Resource: {arn} not found"), "ResourceNotFoundException");
        let resource =
            json!({ "__type": code, "message": text, "resourceId": "aB3", "resourceType": "ROOM" });
        assert_eq!(chat(&missing), resource);
        let fast = chat(&ApiError::Throttling(Why::new("slower").about("123456789012").at(5)));
        assert_eq!((&fast["limit"], &fast["resourceId"]), (&json!(5), &json!("123456789012")));
        let full = chat(&ApiError::ServiceQuotaExceeded(Why::new("full")));
        assert_eq!((&full["limit"], &full["resourceId"]), (&json!(0), &json!("none")));
        assert_eq!(chat(&ApiError::AccessDenied("no".to_owned()))["message"], "no");
    }

    #[test]
    fn chats_refusals_of_an_input_name_the_members() {
        let one = chat(&ApiError::validation("a.b[1]: is odd"));
        assert_eq!(one["reason"], "FIELD_VALIDATION_FAILED");
        assert_eq!(one["fieldList"], json!([{ "name": "a.b[1]", "message": "a.b[1]: is odd" }]));
        for text in ["Request body is not valid JSON: eof", "odd", ": odd", "a:b"] {
            let other = chat(&ApiError::validation(text));
            assert_eq!((&other["reason"], other.get("fieldList")), (&json!("OTHER"), None), "{text}");
        }
    }

    #[test]
    fn the_older_service_has_its_text_in_both_members() {
        for service in [Some(Service::Ivs), None] {
            let body = body(service, &ApiError::Conflict(Why::new("busy").about("a")));
            let text = "busy";
            assert_eq!(
                body,
                json!({ "__type": "ConflictException", "exceptionMessage": text, "message": text })
            );
        }
    }
}

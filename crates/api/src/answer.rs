//! Answers as every SDK and a browser understand them.
//!
//! Promise: each carries its request id and may be read by a page of any origin; an error's code stands in
//! `x-amzn-ErrorType` and its body has the members that the service's model gives it; one that is worth another
//! try says when (`Retry-After`).

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;

use crate::error::ApiError;
use crate::request_id::RequestId;
use crate::route::Service;
use crate::told;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Seconds after which a call that was throttled, or found the service unavailable, is worth another try:
/// the vendor's rates are per second.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// What an operation answers.
#[derive(Debug)]
pub(crate) enum Reply {
    /// 200 with a JSON object.
    Object(Bytes),
    /// 204.
    Empty,
}

/// Writes an output.
pub(crate) fn reply<T: Serialize>(output: &T) -> Result<Reply, ApiError> {
    let json = serde_json::to_vec(output).map_err(|error| ApiError::internal("writing the output", error))?;
    Ok(Reply::Object(json.into()))
}

/// The answer to a call that went well.
pub(crate) fn success(id: RequestId, status: u16, reply: Reply) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    match reply {
        Reply::Object(json) => response(id, status, Some(json)),
        Reply::Empty => response(id, status, None),
    }
}

/// The answer to a call that was refused or failed.
/// In the words of the service that was called, as far as that is known.
pub(crate) fn refusal(id: RequestId, service: Option<Service>, error: &ApiError) -> Response<Full<Bytes>> {
    let (status, code) = error.wire();
    let json = told::body(service, error);
    let mut answer = response(id, status, Some(json.to_string().into()));
    answer.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(code));
    let headers = answer.headers_mut();
    match error {
        ApiError::MethodNotAllowed { allow } => put(headers, header::ALLOW, allow),
        ApiError::Throttling(_) | ApiError::ServiceUnavailable { .. } => {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        _ => {}
    }
    answer
}

/// The answer to a browser that asks whether a page may call.
pub(crate) fn preflight(id: RequestId) -> Response<Full<Bytes>> {
    let mut answer = response(id, StatusCode::NO_CONTENT, None);
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, DELETE"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "Authorization, Content-Type, X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token, \
             X-Amz-User-Agent, Last-Event-ID, amz-sdk-invocation-id, amz-sdk-request",
        ),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    answer
}

/// An answer whose body goes on.
pub(crate) fn stream<B>(id: RequestId, content_type: &'static str, body: B) -> Response<B> {
    framed(id, StatusCode::OK, Some(content_type), body)
}

fn response(id: RequestId, status: StatusCode, json: Option<Bytes>) -> Response<Full<Bytes>> {
    let content_type = json.is_some().then_some("application/json");
    framed(id, status, content_type, Full::new(json.unwrap_or_default()))
}

fn framed<B>(id: RequestId, status: StatusCode, content_type: Option<&'static str>, body: B) -> Response<B> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    put(headers, REQUEST_ID, id.as_str());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("x-amzn-RequestId, x-amzn-ErrorType, Retry-After"),
    );
    answer
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

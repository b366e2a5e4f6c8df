//! A small model for the tests: the tag operations' shapes, and one with what they lack.
//!
//! Promise: has each kind of binding (path, query, body), a list, a map, a secret and an enumeration.

use serde_json::{Value, json};

pub(super) fn model() -> Value {
    json!({
        "operations": {
            "ListTagsForResource": {
                "http": { "method": "GET", "requestUri": "/tags/{resourceArn}", "responseCode": 200 },
                "input": { "shape": "ListTagsForResourceRequest" },
                "output": { "shape": "ListTagsForResourceResponse" },
            },
            "UntagResource": {
                "http": { "method": "DELETE", "requestUri": "/tags/{resourceArn}", "responseCode": 200 },
                "input": { "shape": "UntagResourceRequest" },
                "output": { "shape": "UntagResourceResponse" },
            },
            "Tell": {
                "http": { "method": "POST", "requestUri": "/Tell", "responseCode": 204 },
                "input": { "shape": "TellRequest" },
            },
        },
        "shapes": {
            "ListTagsForResourceRequest": {
                "type": "structure",
                "required": ["resourceArn"],
                "members": { "resourceArn": path("ResourceArn", "resourceArn") },
            },
            "ListTagsForResourceResponse": {
                "type": "structure", "required": ["tags"], "members": { "tags": { "shape": "Tags" } },
            },
            "UntagResourceRequest": {
                "type": "structure",
                "required": ["resourceArn", "tagKeys"],
                "members": {
                    "resourceArn": path("ResourceArn", "resourceArn"),
                    "tagKeys": { "shape": "TagKeyList", "location": "querystring", "locationName": "tagKeys" },
                },
            },
            "UntagResourceResponse": { "type": "structure", "members": {} },
            "TellRequest": {
                "type": "structure",
                "members": { "secret": { "shape": "WordOfMouth" }, "type": { "shape": "Volume" } },
            },
            "ResourceArn": { "type": "string", "min": 1, "max": 128, "pattern": "arn:[a-z-]/[a-z]+" },
            "Tags": { "type": "map", "key": { "shape": "TagKey" }, "value": { "shape": "TagKey" } },
            "TagKey": { "type": "string", "min": 1, "max": 128 },
            "TagKeyList": { "type": "list", "min": 0, "max": 50, "member": { "shape": "TagKey" } },
            "WordOfMouth": { "type": "string", "max": 9, "sensitive": true },
            "Volume": { "type": "string", "enum": ["LOUD", "LOW"] },
            "Gone": { "type": "structure", "members": {}, "error": { "httpStatusCode": 410 }, "exception": true },
        },
    })
}

fn path(shape: &str, name: &str) -> Value {
    json!({ "shape": shape, "location": "uri", "locationName": name })
}

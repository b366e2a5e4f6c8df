//! NATS subjects made of a template and an event.
//!
//! Promise: a template that passed [`check`] makes a subject that can be published to, whatever the event holds.

use serde_json::Value;

/// A template's longest text; with the longest values a subject stays under the broker's bound of a line.
const LONGEST: usize = 256;
const PLACEHOLDERS: [&str; 5] = ["{detail_type}", "{event_name}", "{channel}", "{account}", "{region}"];

/// Is it a template? Its words are parted by dots, without spaces and wildcards.
pub(crate) fn check(template: &str) -> Result<(), String> {
    let mut plain = template.to_owned();
    for placeholder in PLACEHOLDERS {
        plain = plain.replace(placeholder, "x");
    }
    if plain.contains(['{', '}']) {
        return Err(format!("subject has other placeholders than {}", PLACEHOLDERS.join(", ")));
    }
    let fits = |word: &str| {
        !word.is_empty()
            && !word.contains(|sign: char| sign.is_whitespace() || sign.is_control() || "*>".contains(sign))
    };
    match template.len() <= LONGEST && plain.split('.').all(fits) && !plain.starts_with('$') {
        true => Ok(()),
        false => Err("subject is none: words parted by dots, without spaces, * and >".to_owned()),
    }
}

/// The subject for an event.
pub(crate) fn fill(template: &str, event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = [&event["detail"]["event_name"], &event["detail"]["limit_name"]];
    let name = name.iter().find_map(|value| value.as_str()).unwrap_or_default();
    let channel = text(&event["resources"][0]);
    let channel = channel.rsplit('/').next().unwrap_or_default();
    let values =
        [&text(&event["detail-type"]), name, channel, &text(&event["account"]), &text(&event["region"])];
    let mut subject = template.to_owned();
    for (placeholder, value) in PLACEHOLDERS.iter().zip(values) {
        subject = subject.replace(placeholder, &word(value));
    }
    subject
}

/// One word of a subject: what can't stand in one is `_`, and so is nothing at all.
fn word(value: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_alphanumeric() || "-_".contains(sign) { sign } else { '_' };
    if value.is_empty() { "_".to_owned() } else { value.chars().map(sign).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{check, fill};

    #[test]
    fn a_subject_is_made_of_what_the_event_is() {
        let event = json!({
            "detail-type": "IVS Stream State Change", "account": "123456789012", "region": "us-east-1",
            "resources": ["arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123"],
            "detail": {"event_name": "Stream Start"},
        });
        let subject = fill("ivs.{region}.{account}.{channel}.{detail_type}.{event_name}", &event);
        let wanted = "ivs.us-east-1.123456789012.abcdABCD0123.IVS_Stream_State_Change.Stream_Start";
        assert_eq!(subject, wanted);
    }

    #[test]
    fn nothing_in_an_event_makes_another_word_or_a_wildcard() {
        let event =
            json!({"detail-type": "a.b >*\r\n", "resources": [], "detail": {"limit_name": "Ingest Bitrate"}});
        assert_eq!(fill("x.{detail_type}.{channel}.{event_name}", &event), "x.a_b_____._.Ingest_Bitrate");
    }

    #[test]
    fn templates_that_make_no_subject_are_refused() {
        for template in ["", ".", "a..b", "a.", "a b", "a.*", "a.>", "a.{what}", "a.{channel", "$JS.x", "a\n"]
        {
            assert!(check(template).is_err(), "{template:?}");
        }
        for template in ["a", "ivs.{channel}", "ivs.x-{channel}_y.{detail_type}"] {
            assert_eq!(check(template), Ok(()), "{template:?}");
        }
    }
}

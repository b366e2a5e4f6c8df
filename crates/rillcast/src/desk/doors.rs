//! The table of all that can be asked at the desk.
//!
//! Promise: a path and a method mean one thing or nothing; names in paths are decoded once.

use http::Method;
use percent_encoding::percent_decode_str;

use super::recordings::Act;

/// One thing to be asked for.
#[derive(Debug)]
pub(super) struct Door {
    /// How.
    pub(super) method: Method,
    /// Where, below `/rillcast/v1/`; `{}` stands for a name of one to many characters.
    path: &'static str,
    /// What a policy must allow: the verb says what it does to the house, as with the vendor's (`List`, `Get` and
    /// `Read` change nothing, and the ready-made read-only policy allows them).
    pub(super) action: &'static str,
    /// On what.
    pub(super) about: About,
    pub(super) task: Task,
}

/// What a policy is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// `*`
    Everything,
    /// Nothing: whoever is known may ask. Only for what is the caller's own business.
    Nothing,
    /// The ARN that the query names as `arn`.
    Arn,
    /// That ARN if it is named, else `*`. Only for lists.
    ArnIfNamed,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    ChangeKeyPolicy,
    ChannelSamples,
    CheckPolicy,
    CreateKey,
    DeleteKey,
    DisableKey,
    EnableKey,
    Keys,
    Policies,
    Quotas,
    RoomSeat,
    RoomStats,
    IngestAddresses,
    Doctor,
    Live,
    Logs,
    Machine,
    Recordings(Act),
    StreamSamples,
    WatchPass,
    WhoAmI,
}

const DOORS: &[Door] = &[
    Door::new(
        Method::GET,
        "recordings",
        "rillcast:ListRecordings",
        About::ArnIfNamed,
        Task::Recordings(Act::List),
    ),
    Door::new(Method::GET, "recordings/{}", "rillcast:GetRecording", About::Arn, Task::Recordings(Act::Get)),
    Door::new(
        Method::DELETE,
        "recordings/{}",
        "rillcast:DeleteRecording",
        About::Arn,
        Task::Recordings(Act::Delete),
    ),
    Door::new(
        Method::POST,
        "recordings/{}/watch-pass",
        "rillcast:WatchRecording",
        About::Arn,
        Task::Recordings(Act::Watch),
    ),
    Door::new(
        Method::POST,
        "recordings/{}/verify",
        "rillcast:VerifyRecording",
        About::Arn,
        Task::Recordings(Act::Verify),
    ),
    Door::new(
        Method::POST,
        "recordings/{}/downloads",
        "rillcast:DownloadRecording",
        About::Arn,
        Task::Recordings(Act::Download),
    ),
    Door::new(
        Method::GET,
        "recording-configuration-reasons",
        "rillcast:ListRecordingConfigurationReasons",
        About::Everything,
        Task::Recordings(Act::Reasons),
    ),
    Door::new(
        Method::GET,
        "ingest-addresses",
        "rillcast:ReadIngestAddresses",
        About::Everything,
        Task::IngestAddresses,
    ),
    Door::new(
        Method::GET,
        "channels/samples",
        "rillcast:ReadStreamSamples",
        About::Arn,
        Task::ChannelSamples,
    ),
    Door::new(
        Method::GET,
        "streams/{}/samples",
        "rillcast:ReadStreamSamples",
        About::Arn,
        Task::StreamSamples,
    ),
    Door::new(Method::POST, "doctor", "rillcast:RunDoctor", About::Everything, Task::Doctor),
    Door::new(Method::GET, "keys", "rillcast:ListAccessKeys", About::Everything, Task::Keys),
    Door::new(Method::POST, "keys", "rillcast:CreateAccessKey", About::Everything, Task::CreateKey),
    Door::new(Method::DELETE, "keys/{}", "rillcast:DeleteAccessKey", About::Everything, Task::DeleteKey),
    Door::new(
        Method::PUT,
        "keys/{}/policy",
        "rillcast:PutAccessKeyPolicy",
        About::Everything,
        Task::ChangeKeyPolicy,
    ),
    Door::new(
        Method::POST,
        "keys/{}/disable",
        "rillcast:UpdateAccessKey",
        About::Everything,
        Task::DisableKey,
    ),
    Door::new(Method::POST, "keys/{}/enable", "rillcast:UpdateAccessKey", About::Everything, Task::EnableKey),
    Door::new(Method::GET, "live", "rillcast:ListLiveStreams", About::Everything, Task::Live),
    Door::new(Method::GET, "logs", "rillcast:ReadServerLog", About::Everything, Task::Logs),
    Door::new(Method::GET, "machine", "rillcast:ReadMachine", About::Everything, Task::Machine),
    Door::new(Method::GET, "policies", "rillcast:ListPolicies", About::Everything, Task::Policies),
    Door::new(
        Method::POST,
        "policies/check",
        "rillcast:ReadPolicyDecision",
        About::Everything,
        Task::CheckPolicy,
    ),
    Door::new(Method::GET, "quotas", "rillcast:ListQuotas", About::Everything, Task::Quotas),
    Door::new(Method::POST, "watch-passes", "rillcast:WatchChannel", About::Arn, Task::WatchPass),
    Door::new(Method::POST, "rooms/seats", "rillcast:ReadRoom", About::Arn, Task::RoomSeat),
    Door::new(Method::GET, "rooms/stats", "rillcast:ReadRoomStats", About::Arn, Task::RoomStats),
    Door::new(Method::POST, "whoami", "rillcast:WhoAmI", About::Nothing, Task::WhoAmI),
];

impl Door {
    const fn new(method: Method, path: &'static str, action: &'static str, about: About, task: Task) -> Self {
        Self { method, path, action, about, task }
    }

    /// What can be allowed here.
    pub(super) fn actions() -> impl Iterator<Item = &'static str> {
        DOORS.iter().filter(|door| door.about != About::Nothing).map(|door| door.action)
    }

    /// The one at this path and method, if it asks for no permission.
    pub(super) fn open_to_all(method: &Method, path: &str) -> Option<&'static Self> {
        let fits = |door: &&Self| door.about == About::Nothing && door.method == *method;
        Self::of(path).map(|(door, _)| door).find(fits)
    }

    /// Those at this path, with the names in it.
    pub(super) fn of(path: &str) -> impl Iterator<Item = (&'static Self, Vec<String>)> {
        DOORS.iter().filter_map(move |door| Some((door, names(door.path, path)?)))
    }
}

/// The names in a path that is like the pattern.
fn names(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.strip_prefix("/rillcast/v1/")?.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some("{}"), Some(name)) if !name.is_empty() => {
                found.push(percent_decode_str(name).decode_utf8().ok()?.into_owned());
            }
            (Some(word), Some(given)) if word == given => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_the_pattern_has_holes() {
        let found = |path: &str| names("keys/{}/policy", path);
        assert_eq!(found("/rillcast/v1/keys/a%2Fb/policy"), Some(vec!["a/b".to_owned()]));
        for other in [
            "/rillcast/v1/keys//policy",
            "/rillcast/v1/keys/a",
            "/rillcast/v1/keys/a/policy/",
            "/keys/a/policy",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn the_reference_lists_every_door_and_every_action() {
        let page = include_str!("../../../../docs/reference/desk.md");
        for door in DOORS {
            let place = door.path.replace("{}", "ID");
            let row = format!("| `{} {place}` | `{}` |", door.method, door.action);
            assert!(page.contains(&row), "{row}");
        }
        for action in events::ADMIN_ACTIONS {
            assert!(page.contains(action), "{action}");
        }
    }
}

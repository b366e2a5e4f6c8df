//! How many, and how often: the quotas of an account and the rates of its calls.
//!
//! Promise: this table is the only place that names a limit. Settings, their documentation and both
//! profiles are made from it.

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name in settings.
    pub key: &'static str,
    /// In the profile `open`.
    pub open: u32,
    /// In the profile `aws`.
    pub aws: u32,
    /// What it limits, and both numbers: a line of a help text.
    pub help: &'static str,
}

macro_rules! limits {
    ($($key:literal $field:ident: aws $aws:literal, open $open:literal, $meaning:literal;)+) => {
        /// How many of what one account may have in a region, and how many calls a second it may make. All 1 or more.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits { $(#[doc = $meaning] pub $field: u32),+ }

        impl Limits {
            /// The whole table.
            pub const ALL: &[Limit] = &[$(Limit {
                key: $key,
                open: $open,
                aws: $aws,
                help: concat!($meaning, " Profile open: ", $open, ", aws: ", $aws, "."),
            }),+];

            /// The vendor's documented defaults (user guide, "Service quotas").
            pub const AWS: Self = Self { $($field: $aws),+ };

            /// Generous; they only keep one account from taking the machine.
            pub const OPEN: Self = Self { $($field: $open),+ };

            /// The limit with this key, to be read or changed.
            pub fn get_mut(&mut self, key: &str) -> Option<&mut u32> {
                match key { $($key => Some(&mut self.$field),)+ _ => None }
            }
        }
    };
}

limits! {
    "quota_channels" channels: aws 5_000, open 1_000_000, "Channels that an account may have.";
    "quota_stream_keys_per_channel" stream_keys_per_channel: aws 1, open 1, "Stream keys that a channel may have.";
    "quota_streams" concurrent_streams: aws 100, open 1_000, "Streams that an account may have on air at once.";
    "quota_viewers" concurrent_viewers: aws 15_000, open 1_000_000,
        "Viewers that an account may have at once, over all of its channels, on a server.";
    "quota_viewers_per_channel" concurrent_viewers_per_channel: aws 15_000, open 1_000_000,
        "Viewers that a channel may have at once on a server.";
    "quota_takeovers" takeovers: aws 100, open 10_000, "Times that a stream may be taken over by another encoder.";
    "quota_ingest_bitrate" ingest_bitrate: aws 8_500_000, open 100_000_000,
        "Bits a second that a stream may bring, of all channel types but BASIC.";
    "quota_ingest_bitrate_basic" ingest_bitrate_basic: aws 3_500_000, open 100_000_000,
        "Bits a second that a stream of a BASIC channel may bring.";
    "quota_ingest_bitrate_basic_sd" ingest_bitrate_basic_sd: aws 1_500_000, open 100_000_000,
        "Bits a second that a stream of a BASIC channel may bring when its picture is 480p or smaller.";
    "quota_ingest_pixels" ingest_pixels: aws 2_100_000, open 36_000_000, "Pixels, width times height, of a stream's picture.";
    "quota_ingest_edge" ingest_edge: aws 1_920, open 8_192, "Pixels of the longer edge of a stream's picture.";
    "quota_recording_configurations" recording_configurations: aws 20, open 1_000,
        "Recording configurations that an account may have.";
    "quota_playback_key_pairs" playback_key_pairs: aws 3, open 50, "Playback key pairs that an account may have.";
    "quota_playback_restriction_policies" playback_restriction_policies: aws 3, open 1_000,
        "Playback restriction policies that an account may have.";
    "quota_countries_per_policy" countries_per_policy: aws 200, open 250,
        "Countries that a playback restriction policy may allow.";
    "quota_origins_per_policy" origins_per_policy: aws 5, open 50,
        "Origins that a playback restriction policy may allow.";
    "rate_channels" channel_calls: aws 5, open 5_000,
        "Calls a second of each operation on channels, by one account.";
    "rate_stream_keys" stream_key_calls: aws 5, open 5_000,
        "Calls a second of each operation on stream keys, by one account.";
    "rate_streams" stream_calls: aws 5, open 5_000,
        "Calls a second of each operation on streams and their sessions, by one account.";
    "rate_playback_restriction_policies" playback_restriction_policy_calls: aws 5, open 5_000,
        "Calls a second of each operation on playback restriction policies, by one account.";
    "rate_playback_key_pairs" playback_key_pair_calls: aws 3, open 5_000,
        "Calls a second of each operation on playback key pairs, by one account.";
    "rate_recording_configurations" recording_configuration_calls: aws 3, open 5_000,
        "Calls a second of each operation on recording configurations, by one account.";
    "rate_tags" tag_calls: aws 10, open 5_000, "Calls a second of each operation on tags, by one account.";
    "rate_revocations" revocation_calls: aws 10, open 5_000,
        "StartViewerSessionRevocation calls a second, by one account.";
    "rate_revocation_batches" revocation_batch_calls: aws 2, open 1_000,
        "BatchStartViewerSessionRevocation calls a second, by one account.";
    "rate_metadata" metadata_calls: aws 155, open 5_000, "PutMetadata calls a second, by one account.";
    "quota_rooms" rooms: aws 50_000, open 1_000_000, "Chat rooms that an account may have.";
    "quota_logging_configurations" logging_configurations: aws 10, open 1_000,
        "Chat logging configurations that an account may have.";
    "quota_chat_connections" chat_connections: aws 50_000, open 1_000_000,
        "Chat connections that an account may have open at once on a server.";
    "rate_rooms" room_calls: aws 5, open 5_000, "Calls a second of each operation on chat rooms, by one account.";
    "rate_logging_configurations" logging_configuration_calls: aws 3, open 5_000,
        "Calls a second of each operation on chat logging configurations, by one account.";
    "rate_chat_tokens" chat_token_calls: aws 200, open 50_000, "CreateChatToken calls a second, by one account.";
    "rate_chat_events" chat_event_calls: aws 100, open 5_000, "SendEvent calls a second, by one account.";
    "rate_chat_deletions" chat_deletions: aws 100, open 5_000,
        "Chat messages deleted a second by one account, over the API and by clients together.";
    "rate_chat_disconnections" chat_disconnections: aws 100, open 5_000,
        "Chat users disconnected a second by one account, over the API and by clients together.";
    "rate_chat_messages" chat_messages: aws 1_000, open 50_000,
        "Chat messages a second that clients send to all rooms of one account.";
    "rate_chat_requests_per_connection" chat_requests_per_connection: aws 10, open 10,
        "Requests a second that one chat connection may make.";
    "rate_metadata_per_channel" metadata_calls_per_channel: aws 5, open 50,
        "PutMetadata calls a second on one channel.";
}

impl Default for Limits {
    fn default() -> Self {
        Self::OPEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_reaches_its_own_limit_in_both_profiles() {
        for limit in Limits::ALL {
            let (mut aws, mut open) = (Limits::AWS, Limits::OPEN);
            assert_eq!(aws.get_mut(limit.key).copied(), Some(limit.aws), "{}", limit.key);
            assert_eq!(open.get_mut(limit.key).copied(), Some(limit.open), "{}", limit.key);
            assert!(limit.open >= limit.aws && limit.aws > 0, "{}", limit.key);
        }
    }
}

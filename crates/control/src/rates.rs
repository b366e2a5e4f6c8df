//! How often each account may call each operation.
//!
//! Promise: a call beyond the rate is refused before anything is read or changed, and costs its account
//! alone; memory follows the accounts and channels that called within the last second.
//!
//! Token buckets (GCRA, by `governor`): a second's worth may come at once. Rates are kept per node.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use api::ivs::Operation;
use api::{ApiError, Call, Why, ivschat};
use domain::{AccountId, Arn, ChatAct, ChatRates, Limits, Region};
use governor::clock::MonotonicClock;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// Buckets of accounts that have been idle are looked for every so many calls.
const SWEEP: u32 = 10_000;

type Buckets<K> = RateLimiter<K, DashMapStateStore<K>, MonotonicClock>;

/// All buckets. A clone is another handle on the same ones.
#[derive(Clone)]
pub(crate) struct Rates {
    inner: Arc<Inner>,
}

struct Inner {
    operations: Vec<(Operation, Buckets<Caller>)>,
    /// Those of operations that have a rate of their own, and that rate.
    chat_operations: Vec<(ivschat::Operation, u32, Buckets<Caller>)>,
    /// Of what calls and clients do together.
    chat: Arc<ChatRates>,
    metadata: Buckets<Arn>,
    calls: AtomicU32,
}

type Caller = (AccountId, Region);

impl std::fmt::Debug for Rates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rates(…)")
    }
}

impl Rates {
    pub(crate) fn new(limits: &Limits, chat: Arc<ChatRates>) -> Self {
        let operations =
            Operation::ALL.iter().map(|operation| (*operation, buckets(rate(limits, *operation)))).collect();
        let of_chat = |operation: &ivschat::Operation| {
            let rate = chat_rate(limits, *operation);
            (*operation, rate, buckets(rate))
        };
        let chat_operations = ivschat::Operation::ALL.iter().map(of_chat).collect();
        let metadata = buckets(limits.metadata_calls_per_channel);
        let calls = AtomicU32::new(0);
        Self { inner: Arc::new(Inner { operations, chat_operations, chat, metadata, calls }) }
    }

    /// May the caller call this operation now?
    pub(crate) fn admit(&self, call: &Call, operation: Operation) -> Result<(), ApiError> {
        self.sweep();
        let caller = (call.principal.account.clone(), call.region.clone());
        let (_, buckets) = &self.inner.operations[operation as usize];
        buckets.check_key(&caller).map_err(|_| ApiError::Throttling(Why::new("Rate exceeded")))
    }

    /// May the caller call this operation of chat now? Deletions and disconnections are counted with those
    /// of clients (user guide, "Service quotas": HTTP and WebSocket together).
    pub(crate) fn admit_chat(&self, call: &Call, operation: ivschat::Operation) -> Result<(), ApiError> {
        match operation {
            ivschat::Operation::DeleteMessage => return self.admit_act(call, ChatAct::Deletion),
            ivschat::Operation::DisconnectUser => return self.admit_act(call, ChatAct::Disconnection),
            _ => {}
        }
        self.sweep();
        let caller = (call.principal.account.clone(), call.region.clone());
        let (_, rate, buckets) = &self.inner.chat_operations[operation as usize];
        buckets.check_key(&caller).map_err(|_| exceeded(call, *rate))
    }

    fn admit_act(&self, call: &Call, act: ChatAct) -> Result<(), ApiError> {
        let now = Instant::now();
        let rates = self.inner.chat.account(&call.principal.account, &call.region, now);
        if rates.admit(act, now) { Ok(()) } else { Err(exceeded(call, rates.rate(act))) }
    }

    /// May metadata be sent to this channel now?
    pub(crate) fn admit_metadata(&self, channel: &Arn) -> Result<(), ApiError> {
        let why = |_| ApiError::Throttling(format!("Rate exceeded for channel: {channel}").into());
        self.inner.metadata.check_key(channel).map_err(why)
    }

    fn sweep(&self) {
        if self.inner.calls.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.inner.operations.iter().for_each(|(_, buckets)| buckets.retain_recent());
            self.inner.chat_operations.iter().for_each(|(_, _, buckets)| buckets.retain_recent());
            self.inner.metadata.retain_recent();
        }
    }
}

fn exceeded(call: &Call, rate: u32) -> ApiError {
    ApiError::Throttling(Why::new("Rate exceeded").about(call.principal.account.as_str()).at(rate))
}

fn buckets<K: std::hash::Hash + Eq + Clone>(rate: u32) -> Buckets<K> {
    let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
    RateLimiter::new(Quota::per_second(rate), DashMapStateStore::default(), MonotonicClock)
}

/// Calls a second. Each operation of a group has the group's rate for itself (user guide, "Service quotas").
fn rate(limits: &Limits, operation: Operation) -> u32 {
    use Operation as Op;
    match operation {
        Op::BatchGetChannel
        | Op::CreateChannel
        | Op::DeleteChannel
        | Op::GetChannel
        | Op::ListChannels
        | Op::UpdateChannel => limits.channel_calls,
        Op::BatchGetStreamKey
        | Op::CreateStreamKey
        | Op::DeleteStreamKey
        | Op::GetStreamKey
        | Op::ListStreamKeys => limits.stream_key_calls,
        Op::GetStream | Op::GetStreamSession | Op::ListStreams | Op::ListStreamSessions | Op::StopStream => {
            limits.stream_calls
        }
        Op::PutMetadata => limits.metadata_calls,
        Op::CreatePlaybackRestrictionPolicy
        | Op::DeletePlaybackRestrictionPolicy
        | Op::GetPlaybackRestrictionPolicy
        | Op::ListPlaybackRestrictionPolicies
        | Op::UpdatePlaybackRestrictionPolicy => limits.playback_restriction_policy_calls,
        Op::DeletePlaybackKeyPair
        | Op::GetPlaybackKeyPair
        | Op::ImportPlaybackKeyPair
        | Op::ListPlaybackKeyPairs => limits.playback_key_pair_calls,
        Op::CreateRecordingConfiguration
        | Op::DeleteRecordingConfiguration
        | Op::GetRecordingConfiguration
        | Op::ListRecordingConfigurations => limits.recording_configuration_calls,
        Op::StartViewerSessionRevocation => limits.revocation_calls,
        Op::BatchStartViewerSessionRevocation => limits.revocation_batch_calls,
        Op::ListTagsForResource | Op::TagResource | Op::UntagResource => limits.tag_calls,
    }
}

/// The same for chat.
fn chat_rate(limits: &Limits, operation: ivschat::Operation) -> u32 {
    use ivschat::Operation as Op;
    match operation {
        Op::CreateChatToken => limits.chat_token_calls,
        Op::SendEvent => limits.chat_event_calls,
        Op::DeleteMessage => limits.chat_deletions,
        Op::DisconnectUser => limits.chat_disconnections,
        Op::CreateRoom | Op::DeleteRoom | Op::GetRoom | Op::ListRooms | Op::UpdateRoom => limits.room_calls,
        Op::CreateLoggingConfiguration
        | Op::DeleteLoggingConfiguration
        | Op::GetLoggingConfiguration
        | Op::ListLoggingConfigurations
        | Op::UpdateLoggingConfiguration => limits.logging_configuration_calls,
        Op::ListTagsForResource | Op::TagResource | Op::UntagResource => limits.tag_calls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_the_bucket_of_its_own_place() {
        let rates = Rates::new(&Limits::AWS, Arc::new(ChatRates::new(&Limits::AWS, Instant::now())));
        for (place, operation) in Operation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, place);
            assert_eq!(rates.inner.operations[place].0, *operation);
        }
        for (place, operation) in ivschat::Operation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, place);
            assert_eq!(rates.inner.chat_operations[place].0, *operation);
        }
    }
}

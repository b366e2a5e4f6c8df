//! What each operation of `ivs` is about.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Interactive
//! Video Service": the required resource types of each action, and the table of operations, where those that
//! create also need `ivs:TagResource` for the tags that they set. Where several types are required, each is
//! asked about: a channel comes and goes with its stream key.
//!
//! Promise: an operation that is not in the table does not compile; one that takes ARNs has each of them
//! asked about.

use domain::ResourceKind::{
    Channel, PlaybackKeyPair, PlaybackRestrictionPolicy, RecordingConfiguration, StreamKey,
};

use super::operations::Operation;
use crate::access::About::{EachIn, EachOf, Everything, Kind, Named, New};
use crate::access::Access;
use crate::access::Tagging::{Removes, Sets, SetsOnNew};

const TAG: &str = "ivs:TagResource";

/// What must be allowed before this operation is done.
pub(crate) const fn access(operation: Operation) -> Access {
    match operation {
        Operation::BatchGetChannel | Operation::BatchGetStreamKey => Access::to(&[EachOf("arns")]),
        Operation::BatchStartViewerSessionRevocation => Access::to(&[EachIn("viewerSessions", "channelArn")]),
        Operation::CreateChannel => Access::to(&[New(Channel), New(StreamKey)]).and(SetsOnNew(TAG)),
        Operation::CreatePlaybackRestrictionPolicy => {
            Access::to(&[New(PlaybackRestrictionPolicy)]).and(SetsOnNew(TAG))
        }
        Operation::CreateRecordingConfiguration => {
            Access::to(&[New(RecordingConfiguration)]).and(SetsOnNew(TAG))
        }
        Operation::CreateStreamKey => Access::to(&[New(StreamKey)]).and(SetsOnNew(TAG)),
        Operation::ImportPlaybackKeyPair => Access::to(&[New(PlaybackKeyPair)]).and(SetsOnNew(TAG)),
        Operation::DeleteChannel => Access::to(&[Named("arn"), Kind(StreamKey)]),
        Operation::DeletePlaybackKeyPair
        | Operation::DeletePlaybackRestrictionPolicy
        | Operation::DeleteRecordingConfiguration
        | Operation::DeleteStreamKey
        | Operation::GetChannel
        | Operation::GetPlaybackKeyPair
        | Operation::GetPlaybackRestrictionPolicy
        | Operation::GetRecordingConfiguration
        | Operation::GetStreamKey
        | Operation::UpdateChannel
        | Operation::UpdatePlaybackRestrictionPolicy => Access::to(&[Named("arn")]),
        Operation::GetStream
        | Operation::GetStreamSession
        | Operation::ListStreamSessions
        | Operation::PutMetadata
        | Operation::StartViewerSessionRevocation
        | Operation::StopStream => Access::to(&[Named("channelArn")]),
        Operation::ListStreamKeys => Access::to(&[Named("channelArn"), Kind(StreamKey)]),
        Operation::ListChannels | Operation::ListStreams => Access::to(&[Kind(Channel)]),
        Operation::ListPlaybackKeyPairs => Access::to(&[Kind(PlaybackKeyPair)]),
        Operation::ListPlaybackRestrictionPolicies => Access::to(&[Everything]),
        Operation::ListRecordingConfigurations => Access::to(&[Kind(RecordingConfiguration)]),
        Operation::ListTagsForResource => Access::to(&[Named("resourceArn")]),
        Operation::TagResource => Access::to(&[Named("resourceArn")]).and(Sets),
        Operation::UntagResource => Access::to(&[Named("resourceArn")]).and(Removes),
    }
}

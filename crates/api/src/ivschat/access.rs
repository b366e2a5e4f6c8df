//! What each operation of `ivschat` is about.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Interactive
//! Video Service Chat": the required resource types of each action. As in `ivs`, those that create also need
//! `ivschat:TagResource` for the tags that they set.
//!
//! Promise: an operation that is not in the table does not compile; one that takes ARNs has each of them
//! asked about, but those of the logging configurations that a room names: the source asks about rooms alone.

use domain::ResourceKind::{LoggingConfiguration, Room};

use super::operations::Operation;
use crate::access::About::{Kind, Named, New};
use crate::access::Access;
use crate::access::Tagging::{Removes, Sets, SetsOnNew};

const TAG: &str = "ivschat:TagResource";

/// What must be allowed before this operation is done.
pub(crate) const fn access(operation: Operation) -> Access {
    match operation {
        Operation::CreateRoom => Access::to(&[New(Room)]).and(SetsOnNew(TAG)),
        Operation::CreateLoggingConfiguration => Access::to(&[New(LoggingConfiguration)]).and(SetsOnNew(TAG)),
        Operation::CreateChatToken
        | Operation::DeleteMessage
        | Operation::DisconnectUser
        | Operation::SendEvent => Access::to(&[Named("roomIdentifier")]),
        Operation::DeleteLoggingConfiguration
        | Operation::DeleteRoom
        | Operation::GetLoggingConfiguration
        | Operation::GetRoom
        | Operation::UpdateLoggingConfiguration
        | Operation::UpdateRoom => Access::to(&[Named("identifier")]),
        Operation::ListLoggingConfigurations => Access::to(&[Kind(LoggingConfiguration)]),
        Operation::ListRooms => Access::to(&[Kind(Room)]),
        Operation::ListTagsForResource => Access::to(&[Named("resourceArn")]),
        Operation::TagResource => Access::to(&[Named("resourceArn")]).and(Sets),
        Operation::UntagResource => Access::to(&[Named("resourceArn")]).and(Removes),
    }
}

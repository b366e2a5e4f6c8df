//! A live stream as the SDK's user sees it.
//!
//! Promise: states are the SDK's own values and times its own times, not texts.

use aws_sdk_ivs::Client;
use aws_sdk_ivs::operation::delete_channel::DeleteChannelError;
use aws_sdk_ivs::types::StreamState;

use crate::refused::refused;
use crate::story::Failure;

/// Reads a live channel's stream by every operation that tells of it, and gives its id.
pub(crate) async fn stream_id(ivs: &Client, channel: &str) -> Result<String, Failure> {
    let stream =
        ivs.get_stream().channel_arn(channel).send().await?.stream.expect("the answer holds the stream");
    assert_eq!(stream.state(), Some(&StreamState::StreamLive));
    let began = stream.start_time().expect("a live stream has begun");
    let listed = ivs.list_streams().send().await?.streams;
    let summary =
        listed.iter().find(|one| one.channel_arn() == Some(channel)).expect("it is among the live ones");
    assert_eq!((summary.stream_id(), summary.start_time()), (stream.stream_id(), Some(began)));
    let sessions = ivs.list_stream_sessions().channel_arn(channel).send().await?.stream_sessions;
    let [session] = sessions.as_slice() else { panic!("one session, not {sessions:?}") };
    assert_eq!((session.stream_id(), session.end_time()), (stream.stream_id(), None));
    let whole = ivs.get_stream_session().channel_arn(channel).send().await?.stream_session;
    assert_eq!(whole.as_ref().and_then(|one| one.stream_id()), stream.stream_id());
    ivs.put_metadata().channel_arn(channel).metadata("hello").send().await?;
    refused!(ivs.delete_channel().arn(channel).send().await, DeleteChannelError::ConflictException, 409, "");
    Ok(stream.stream_id.expect("a stream has an id"))
}

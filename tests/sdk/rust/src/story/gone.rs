//! The end: everything is deleted, and every later question says so.
//!
//! Promise: the account is as empty as it was.

use aws_sdk_ivs::operation::delete_channel::DeleteChannelError;
use aws_sdk_ivs::operation::delete_playback_key_pair::DeletePlaybackKeyPairError;
use aws_sdk_ivs::operation::delete_playback_restriction_policy::DeletePlaybackRestrictionPolicyError;
use aws_sdk_ivs::operation::delete_recording_configuration::DeleteRecordingConfigurationError;
use aws_sdk_ivs::operation::get_channel::GetChannelError;
use aws_sdk_ivs::operation::get_playback_key_pair::GetPlaybackKeyPairError;
use aws_sdk_ivs::operation::get_playback_restriction_policy::GetPlaybackRestrictionPolicyError;
use aws_sdk_ivs::operation::get_recording_configuration::GetRecordingConfigurationError;
use aws_sdk_ivs::operation::get_stream_key::GetStreamKeyError;
use aws_sdk_ivs::operation::list_tags_for_resource::ListTagsForResourceError;

use super::{Failure, Story, assert_one_is_missing};
use crate::refused::refused;

/// Deletes, then expects the read, another delete and the list of tags to say that it is not there.
macro_rules! gone {
    ($ivs:expr, $arn:expr, $delete:ident $deleted:ident, $get:ident $got:ident) => {{
        $ivs.$delete().arn($arn).send().await?;
        refused!($ivs.$get().arn($arn).send().await, $got::ResourceNotFoundException, 404, $arn);
        refused!($ivs.$delete().arn($arn).send().await, $deleted::ResourceNotFoundException, 404, $arn);
        let tags = $ivs.list_tags_for_resource().resource_arn($arn).send().await;
        refused!(tags, ListTagsForResourceError::ResourceNotFoundException, 404, $arn);
    }};
}

impl Story {
    pub(super) async fn all_is_deleted_and_stays_so(&mut self) -> Result<(), Failure> {
        let (ivs, arns) = (&self.ivs, &self.arns);
        gone!(ivs, &arns.channel, delete_channel DeleteChannelError, get_channel GetChannelError);
        gone!(
            ivs,
            &arns.policy,
            delete_playback_restriction_policy DeletePlaybackRestrictionPolicyError,
            get_playback_restriction_policy GetPlaybackRestrictionPolicyError
        );
        gone!(
            ivs,
            &arns.recording,
            delete_recording_configuration DeleteRecordingConfigurationError,
            get_recording_configuration GetRecordingConfigurationError
        );
        gone!(
            ivs,
            &arns.key_pair,
            delete_playback_key_pair DeletePlaybackKeyPairError,
            get_playback_key_pair GetPlaybackKeyPairError
        );
        let key = ivs.get_stream_key().arn(&arns.stream_key).send().await;
        refused!(key, GetStreamKeyError::ResourceNotFoundException, 404, &arns.stream_key);
        let batch = ivs.batch_get_channel().arns(&arns.channel).send().await?;
        assert_eq!(batch.channels(), []);
        assert_one_is_missing(batch.errors(), &arns.channel);
        self.nothing_is_listed().await
    }

    async fn nothing_is_listed(&self) -> Result<(), Failure> {
        assert_eq!(self.ivs.list_channels().send().await?.channels(), []);
        assert_eq!(
            self.ivs.list_playback_restriction_policies().send().await?.playback_restriction_policies(),
            []
        );
        assert_eq!(self.ivs.list_recording_configurations().send().await?.recording_configurations(), []);
        assert_eq!(self.ivs.list_playback_key_pairs().send().await?.key_pairs(), []);
        Ok(())
    }
}

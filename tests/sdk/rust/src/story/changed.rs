//! Changes: a stream key replaced, a channel updated, tags put on and taken off.
//!
//! Promise: what a change does not name stays as it was.

use std::collections::HashMap;

use aws_sdk_ivs::operation::create_stream_key::CreateStreamKeyError;
use aws_sdk_ivs::operation::delete_playback_restriction_policy::DeletePlaybackRestrictionPolicyError;
use aws_sdk_ivs::operation::delete_recording_configuration::DeleteRecordingConfigurationError;
use aws_sdk_ivs::types::{Channel, ChannelType, TranscodePreset};

use super::{Failure, Story, assert_one_is_missing};
use crate::refused::refused;

impl Story {
    pub(super) async fn a_channel_has_one_stream_key_that_can_be_replaced(&mut self) -> Result<(), Failure> {
        let (channel, old) = (&self.arns.channel, &self.arns.stream_key);
        let create = || self.ivs.create_stream_key().channel_arn(channel);
        refused!(create().send().await, CreateStreamKeyError::ServiceQuotaExceededException, 402, channel);
        let before =
            self.ivs.get_stream_key().arn(old).send().await?.stream_key.expect("the answer holds the key");
        self.ivs.delete_stream_key().arn(old).send().await?;
        let after = create().tags("turn", "2").send().await?.stream_key.expect("the answer holds the key");
        assert!(after.arn() != before.arn() && after.value() != before.value(), "{before:?} {after:?}");
        let arn = after.arn().expect("a stream key has an ARN").to_owned();
        let batch = self.ivs.batch_get_stream_key().arns(&arn).arns(old).send().await?;
        assert_eq!(batch.stream_keys(), [after]);
        assert_one_is_missing(batch.errors(), old);
        let listed = self.ivs.list_stream_keys().channel_arn(channel).send().await?.stream_keys;
        assert_eq!(listed.iter().filter_map(|key| key.arn()).collect::<Vec<_>>(), [&arn]);
        self.arns.stream_key = arn;
        Ok(())
    }

    pub(super) async fn what_is_in_use_is_not_deleted(&mut self) -> Result<(), Failure> {
        let policy = self.ivs.delete_playback_restriction_policy().arn(&self.arns.policy).send().await;
        refused!(policy, DeletePlaybackRestrictionPolicyError::ConflictException, 409, &self.arns.policy);
        let recording = self.ivs.delete_recording_configuration().arn(&self.arns.recording).send().await;
        refused!(recording, DeleteRecordingConfigurationError::ConflictException, 409, &self.arns.recording);
        Ok(())
    }

    pub(super) async fn a_channel_is_updated_in_place(&mut self) -> Result<(), Failure> {
        let mut wanted = self.channel().await?;
        let asked = self.ivs.update_channel().arn(&self.arns.channel).name("front-door-2");
        let asked = asked.r#type(ChannelType::AdvancedHdChannelType).recording_configuration_arn("");
        let answer = asked.preset(TranscodePreset::ConstrainedBandwidthTranscodePreset).send().await?;
        wanted.name = Some("front-door-2".to_owned());
        wanted.r#type = Some(ChannelType::AdvancedHdChannelType);
        wanted.recording_configuration_arn = Some(String::new());
        wanted.preset = Some(TranscodePreset::ConstrainedBandwidthTranscodePreset);
        assert_eq!(answer.channel.as_ref(), Some(&wanted));
        assert_eq!(self.channel().await?, wanted);
        Ok(())
    }

    pub(super) async fn tags_come_and_go_on_each_kind(&mut self) -> Result<(), Failure> {
        let all = &self.arns;
        for arn in [&all.recording, &all.policy, &all.key_pair, &all.channel, &all.stream_key] {
            let mut wanted = self.tags(arn).await?;
            let tag = || self.ivs.tag_resource().resource_arn(arn);
            tag().tags("a/b", "1 + 1").tags("c", "").tags("Straße", "ü").send().await?;
            tag().tags("c", "again").send().await?;
            wanted.extend(
                [("c", "again"), ("a/b", "1 + 1"), ("Straße", "ü")].map(|(k, v)| (k.into(), v.into())),
            );
            assert_eq!(self.tags(arn).await?, wanted);
            let untag = self.ivs.untag_resource().resource_arn(arn);
            untag.tag_keys("a/b").tag_keys("Straße").tag_keys("was never there").send().await?;
            wanted.retain(|key, _| key != "a/b" && key != "Straße");
            assert_eq!(self.tags(arn).await?, wanted);
        }
        assert_eq!(self.channel().await?.tags, Some(self.tags(&all.channel).await?));
        Ok(())
    }

    async fn channel(&self) -> Result<Channel, Failure> {
        let answer = self.ivs.get_channel().arn(&self.arns.channel).send().await?;
        Ok(answer.channel.expect("the answer holds the channel"))
    }

    async fn tags(&self, arn: &str) -> Result<HashMap<String, String>, Failure> {
        Ok(self.ivs.list_tags_for_resource().resource_arn(arn).send().await?.tags)
    }
}

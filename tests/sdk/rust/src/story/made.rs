//! The beginning: a recording configuration, a restriction policy, a key pair, and a channel with all of them.
//!
//! Promise: what a create answers is what a read answers.

use std::time::Duration;

use aws_sdk_ivs::operation::import_playback_key_pair::ImportPlaybackKeyPairError;
use aws_sdk_ivs::types::{
    ChannelLatencyMode, DestinationConfiguration, RecordingConfiguration, RecordingConfigurationState,
    S3DestinationConfiguration,
};

use super::{Failure, Story};
use crate::refused::refused;

/// Far longer than the server takes to look at a bucket.
const PATIENCE: Duration = Duration::from_secs(40);

impl Story {
    pub(super) async fn a_recording_configuration_becomes_active(&mut self) -> Result<(), Failure> {
        let bucket = S3DestinationConfiguration::builder().bucket_name("recordings").build()?;
        let destination = DestinationConfiguration::builder().s3(bucket).build();
        let asked = self.ivs.create_recording_configuration().name("archive");
        let answer = asked
            .destination_configuration(destination)
            .recording_reconnect_window_seconds(60)
            .send()
            .await?;
        let made = answer.recording_configuration.expect("the answer holds what was made");
        assert_eq!(made.state(), &RecordingConfigurationState::Creating);
        self.arns.recording = made.arn().to_owned();
        let read = tokio::time::timeout(PATIENCE, self.active_recording()).await??;
        assert_eq!(read.recording_reconnect_window_seconds(), 60);
        assert_eq!(read.name(), Some("archive"));
        assert_eq!(read.destination_configuration(), made.destination_configuration());
        Ok(())
    }

    async fn active_recording(&self) -> Result<RecordingConfiguration, Failure> {
        loop {
            let answer = self.ivs.get_recording_configuration().arn(&self.arns.recording).send().await?;
            let read = answer.recording_configuration.expect("the answer holds what was read");
            match read.state() {
                RecordingConfigurationState::Active => return Ok(read),
                RecordingConfigurationState::Creating => tokio::time::sleep(Duration::from_millis(50)).await,
                other => return Err(format!("the recording configuration is {other}").into()),
            }
        }
    }

    pub(super) async fn a_restriction_policy_is_made_and_changed(&mut self) -> Result<(), Failure> {
        let asked = self.ivs.create_playback_restriction_policy().name("europe");
        let asked =
            asked.allowed_countries("DE").allowed_countries("FR").allowed_origins("https://example.com");
        let made = asked.send().await?.playback_restriction_policy.expect("the answer holds what was made");
        assert_eq!(made.allowed_countries(), ["DE", "FR"]);
        assert_eq!(made.allowed_origins(), ["https://example.com"]);
        self.arns.policy = made.arn().to_owned();
        let asked = self.ivs.update_playback_restriction_policy().arn(made.arn());
        let answer = asked.enable_strict_origin_enforcement(true).allowed_countries("DE").send().await?;
        let changed = answer.playback_restriction_policy.expect("the answer holds what was changed");
        assert_eq!((changed.arn(), changed.name()), (made.arn(), Some("europe")));
        assert_eq!(
            (changed.allowed_countries(), changed.allowed_origins()),
            (&["DE".to_owned()][..], made.allowed_origins())
        );
        assert_eq!(changed.enable_strict_origin_enforcement(), Some(true));
        let read = self.ivs.get_playback_restriction_policy().arn(made.arn()).send().await?;
        assert_eq!(read.playback_restriction_policy, Some(changed));
        Ok(())
    }

    pub(super) async fn a_p384_key_is_imported_once(&mut self) -> Result<(), Failure> {
        let import = || self.ivs.import_playback_key_pair().public_key_material(&self.given.public_key);
        let made = import().name("viewers").send().await?.key_pair.expect("the answer holds what was made");
        assert_eq!(made.fingerprint(), Some(self.given.fingerprint.as_str()));
        let arn = made.arn().expect("a key pair has an ARN").to_owned();
        let read = self.ivs.get_playback_key_pair().arn(&arn).send().await?;
        assert_eq!(read.key_pair, Some(made));
        refused!(import().send().await, ImportPlaybackKeyPairError::ConflictException, 409, &arn);
        self.arns.key_pair = arn;
        Ok(())
    }

    pub(super) async fn a_channel_is_made_with_all_of_them(&mut self) -> Result<(), Failure> {
        let asked =
            self.ivs.create_channel().name("front-door").latency_mode(ChannelLatencyMode::NormalLatency);
        let asked = asked.authorized(true).tags("team", "live video");
        let asked = asked.recording_configuration_arn(&self.arns.recording);
        let answer = asked.playback_restriction_policy_arn(&self.arns.policy).send().await?;
        let channel = answer.channel.expect("the answer holds the channel");
        let stream_key = answer.stream_key.expect("the answer holds the stream key");
        assert_eq!((channel.name(), channel.authorized()), (Some("front-door"), true));
        assert_eq!(channel.latency_mode(), Some(&ChannelLatencyMode::NormalLatency));
        assert_eq!(channel.recording_configuration_arn(), Some(self.arns.recording.as_str()));
        assert_eq!(channel.playback_restriction_policy_arn(), Some(self.arns.policy.as_str()));
        assert_eq!(channel.tags().and_then(|tags| tags.get("team")).map(String::as_str), Some("live video"));
        assert_eq!(stream_key.channel_arn(), channel.arn());
        self.arns.channel = channel.arn.expect("a channel has an ARN");
        self.arns.stream_key = stream_key.arn.expect("a stream key has an ARN");
        Ok(())
    }
}

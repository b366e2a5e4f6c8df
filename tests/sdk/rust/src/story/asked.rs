//! Questions: single and batch reads, filters, pages, streams that are not there, and refusals.
//!
//! Promise: nothing that was made before is changed here.

use aws_sdk_ivs::operation::create_channel::CreateChannelError;
use aws_sdk_ivs::operation::get_channel::GetChannelError;
use aws_sdk_ivs::operation::get_stream::GetStreamError;
use aws_sdk_ivs::operation::get_stream_session::GetStreamSessionError;
use aws_sdk_ivs::operation::list_channels::ListChannelsError;
use aws_sdk_ivs::operation::put_metadata::PutMetadataError;
use aws_sdk_ivs::operation::stop_stream::StopStreamError;
use aws_sdk_ivs::types::{
    BatchStartViewerSessionRevocationViewerSession as ViewerSession, StreamFilters, StreamHealth,
};

use super::{Failure, Story, assert_one_is_missing};
use crate::refused::refused;

/// How many channels the story pages through, its first one included, and how many fit a page.
const CHANNELS: usize = 5;
const PAGE: i32 = 2;

impl Story {
    pub(super) async fn channels_are_read_alone_and_in_a_batch(&mut self) -> Result<(), Failure> {
        let (arn, unknown) = (&self.arns.channel, self.unknown("channel"));
        let channel =
            self.ivs.get_channel().arn(arn).send().await?.channel.expect("the answer holds the channel");
        let batch = self.ivs.batch_get_channel().arns(arn).arns(&unknown).send().await?;
        assert_eq!(batch.channels(), [channel]);
        assert_one_is_missing(batch.errors(), &unknown);
        Ok(())
    }

    pub(super) async fn a_list_takes_one_filter(&mut self) -> Result<(), Failure> {
        let list = || self.ivs.list_channels();
        for filtered in [
            list().filter_by_name("front-door"),
            list().filter_by_recording_configuration_arn(&self.arns.recording),
            list().filter_by_playback_restriction_policy_arn(&self.arns.policy),
        ] {
            let found = filtered.send().await?.channels;
            let arns: Vec<_> = found.iter().filter_map(|channel| channel.arn()).collect();
            assert_eq!(arns, [&self.arns.channel]);
        }
        assert_eq!(list().filter_by_name("back-door").send().await?.channels(), []);
        let two =
            list().filter_by_name("front-door").filter_by_recording_configuration_arn(&self.arns.recording);
        refused!(two.send().await, ListChannelsError::ConflictException, 409, "filterByName");
        Ok(())
    }

    pub(super) async fn viewers_are_revoked_alone_and_in_a_batch(&mut self) -> Result<(), Failure> {
        let (channel, unknown) = (&self.arns.channel, self.unknown("channel"));
        let alone = self.ivs.start_viewer_session_revocation().channel_arn(channel).viewer_id("viewer-1");
        alone.viewer_session_versions_less_than_or_equal_to(3).send().await?;
        let viewer = |arn: &str, id: &str| ViewerSession::builder().channel_arn(arn).viewer_id(id).build();
        let batch = self.ivs.batch_start_viewer_session_revocation();
        let batch = batch
            .viewer_sessions(viewer(channel, "viewer-1")?)
            .viewer_sessions(viewer(&unknown, "viewer-2")?);
        let answer = batch.send().await?;
        let [error] = answer.errors() else { panic!("one error, not {:?}", answer.errors()) };
        assert_eq!((error.channel_arn(), error.viewer_id()), (unknown.as_str(), "viewer-2"));
        assert_eq!(error.code(), Some("ResourceNotFoundException"));
        assert!(error.message().is_some_and(|text| text.contains(&unknown)), "{error:?}");
        Ok(())
    }

    pub(super) async fn an_offline_channel_has_no_stream(&mut self) -> Result<(), Failure> {
        let arn = &self.arns.channel;
        let got = self.ivs.get_stream().channel_arn(arn).send().await;
        refused!(got, GetStreamError::ChannelNotBroadcasting, 404, arn);
        let stopped = self.ivs.stop_stream().channel_arn(arn).send().await;
        refused!(stopped, StopStreamError::ChannelNotBroadcasting, 404, arn);
        let put = self.ivs.put_metadata().channel_arn(arn).metadata("hello").send().await;
        refused!(put, PutMetadataError::ChannelNotBroadcasting, 404, arn);
        let session = self.ivs.get_stream_session().channel_arn(arn).send().await;
        refused!(session, GetStreamSessionError::ResourceNotFoundException, 404, arn);
        let healthy = StreamFilters::builder().health(StreamHealth::StreamHealthy).build();
        assert_eq!(self.ivs.list_streams().filter_by(healthy).send().await?.streams(), []);
        assert_eq!(self.ivs.list_stream_sessions().channel_arn(arn).send().await?.stream_sessions(), []);
        Ok(())
    }

    pub(super) async fn a_refusal_says_why(&mut self) -> Result<(), Failure> {
        let spaced = self.ivs.create_channel().name("with spaces in it").send().await;
        refused!(spaced, CreateChannelError::ValidationException, 400, "name");
        let unknown = self.unknown("channel");
        let got = self.ivs.get_channel().arn(&unknown).send().await;
        refused!(got, GetChannelError::ResourceNotFoundException, 404, &unknown);
        let unknown = self.unknown("recording-configuration");
        let made = self.ivs.create_channel().recording_configuration_arn(&unknown).send().await;
        refused!(made, CreateChannelError::ResourceNotFoundException, 404, &unknown);
        Ok(())
    }

    pub(super) async fn channels_are_paged_through(&mut self) -> Result<(), Failure> {
        let mut all = vec![self.arns.channel.clone()];
        for number in 1..CHANNELS {
            let made = self.ivs.create_channel().name(format!("page-{number}")).send().await?;
            all.push(made.channel.and_then(|channel| channel.arn).expect("a channel has an ARN"));
        }
        let (mut pages, mut sizes, mut seen) =
            (self.ivs.list_channels().into_paginator().page_size(PAGE).send(), vec![], vec![]);
        while let Some(page) = pages.next().await {
            let channels = page?.channels;
            sizes.push(channels.len());
            seen.extend(channels.into_iter().filter_map(|channel| channel.arn));
        }
        assert_eq!((sizes, &seen), (vec![2, 2, 1], &all));
        for arn in &all[1..] {
            self.ivs.delete_channel().arn(arn).send().await?;
        }
        Ok(())
    }
}

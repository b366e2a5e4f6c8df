//! Accounts and regions don't see each other.
//!
//! Promise: for every operation that takes a name, the owner's answer differs from the stranger's, and the
//! stranger's is the same as for a name that nobody has.

use api::ivs::{
    CreateChannelRequest, CreateStreamKeyRequest, DeleteChannelRequest, DeleteStreamKeyRequest,
    GetChannelRequest, GetStreamKeyRequest, Ivs, ListChannelsRequest, ListStreamKeysRequest,
};
use domain::Limits;

use crate::house::{House, NOT_FOUND, caller, caller_of, refused_as};

#[tokio::test]
async fn another_account_or_region_finds_nothing_by_any_operation() {
    let house = House::new().await;
    let (channel, key) = house.named("mine").await;
    let (channel, key) = (channel.arn.unwrap(), key.arn.unwrap());
    for stranger in [caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let control = &house.control;
        let not_found = |text: String, arn: &str| assert_eq!(text, format!("Resource: {arn} not found"));

        let input = GetChannelRequest { arn: channel.clone() };
        not_found(refused_as(NOT_FOUND, control.get_channel(&stranger, input).await), &channel);
        let input = DeleteChannelRequest { arn: channel.clone() };
        not_found(refused_as(NOT_FOUND, control.delete_channel(&stranger, input).await), &channel);
        let input = CreateStreamKeyRequest { channel_arn: channel.clone(), tags: None };
        not_found(refused_as(NOT_FOUND, control.create_stream_key(&stranger, input).await), &channel);
        let input =
            ListStreamKeysRequest { channel_arn: channel.clone(), max_results: None, next_token: None };
        not_found(refused_as(NOT_FOUND, control.list_stream_keys(&stranger, input).await), &channel);
        let input = GetStreamKeyRequest { arn: key.clone() };
        not_found(refused_as(NOT_FOUND, control.get_stream_key(&stranger, input).await), &key);
        let input = DeleteStreamKeyRequest { arn: key.clone() };
        not_found(refused_as(NOT_FOUND, control.delete_stream_key(&stranger, input).await), &key);
        let listed = control.list_channels(&stranger, ListChannelsRequest::default()).await.unwrap();
        assert_eq!(listed.channels, []);
    }
    let input = GetStreamKeyRequest { arn: key };
    house.control.get_stream_key(&caller(), input).await.unwrap();
}

#[tokio::test]
async fn a_strangers_live_channel_is_not_found_rather_than_in_conflict() {
    let house = House::new().await;
    let (channel, _) = house.named("mine").await;
    let publisher = house.go_live(&channel);
    let input = DeleteChannelRequest { arn: channel.arn.unwrap() };
    let stranger = caller_of("999999999999", "us-east-1");
    refused_as(NOT_FOUND, house.control.delete_channel(&stranger, input).await);
    drop(publisher);
}

#[tokio::test]
async fn quotas_are_counted_for_each_account_and_region() {
    let house = House::with(Limits { channels: 1, ..Limits::default() }).await;
    for caller in [caller(), caller_of("999999999999", "us-east-1"), caller_of("123456789012", "eu-west-1")] {
        let made = house.control.create_channel(&caller, CreateChannelRequest::default()).await.unwrap();
        let arn = made.channel.unwrap().arn.unwrap();
        assert!(arn.contains(&format!("{}:{}", caller.region, caller.principal.account)), "{arn}");
        assert!(house.control.create_channel(&caller, CreateChannelRequest::default()).await.is_err());
    }
}

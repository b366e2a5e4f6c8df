//! `BatchGetChannel`, `BatchGetStreamKey`.
//!
//! Promise: what is found and what is not stand side by side in one answer.

use api::ivs::{
    BatchError, BatchGetChannelRequest, BatchGetStreamKeyRequest, CreateChannelRequest, DeleteChannelRequest,
    Ivs,
};
use serde_json::json;

use crate::house::{House, caller, caller_of};

fn absent(arn: &str) -> BatchError {
    BatchError {
        arn: Some(arn.to_owned()),
        code: Some("ResourceNotFoundException".to_owned()),
        message: Some(format!("Resource: {arn} not found")),
    }
}

#[tokio::test]
async fn channels_come_in_the_order_asked_each_once() {
    let house = House::new().await;
    let mut channels = Vec::new();
    for name in ["a", "b", "c"] {
        channels.push(house.named(name).await.0);
    }
    let arn = |number: usize| channels[number].arn.clone().unwrap();
    let input = BatchGetChannelRequest { arns: vec![arn(2), arn(0), arn(2), arn(1), arn(0)] };
    let answer = house.control.batch_get_channel(&caller(), input).await.unwrap();
    let expected = [&channels[2], &channels[0], &channels[1]].map(Clone::clone);
    assert_eq!(answer.channels, Some(expected.to_vec()));
    assert_eq!(serde_json::to_value(&answer).unwrap()["errors"], json!([]));
}

#[tokio::test]
async fn what_is_absent_or_foreign_is_an_error_beside_what_is_found() {
    let house = House::new().await;
    let (mine, _) = house.named("mine").await;
    let (gone, _) = house.named("gone").await;
    let gone = gone.arn.unwrap();
    house.control.delete_channel(&caller(), DeleteChannelRequest { arn: gone.clone() }).await.unwrap();
    let stranger = caller_of("999999999999", "us-east-1");
    let foreign = house.control.create_channel(&stranger, CreateChannelRequest::default()).await.unwrap();
    let foreign = foreign.channel.unwrap().arn.unwrap();
    let odd = "arn:aws:ivs:us-east-1:1:channel/abcdABCD0123";
    let arns = vec![foreign.clone(), mine.arn.clone().unwrap(), odd.to_owned(), gone.clone(), gone.clone()];
    let answer = house.control.batch_get_channel(&caller(), BatchGetChannelRequest { arns }).await.unwrap();
    assert_eq!(answer.channels, Some(vec![mine]));
    assert_eq!(answer.errors, Some(vec![absent(&foreign), absent(odd), absent(&gone)]));
}

#[tokio::test]
async fn stream_keys_come_with_their_values() {
    let house = House::new().await;
    let ((_, first), (_, second)) = (house.named("a").await, house.named("b").await);
    let unknown = "arn:aws:ivs:us-east-1:123456789012:stream-key/abcdABCD0123";
    let arns = vec![second.arn.clone().unwrap(), unknown.to_owned(), first.arn.clone().unwrap()];
    let input = BatchGetStreamKeyRequest { arns: arns.clone() };
    let answer = house.control.batch_get_stream_key(&caller(), input).await.unwrap();
    assert_eq!(answer.stream_keys, Some(vec![second, first]));
    assert_eq!(answer.errors, Some(vec![absent(unknown)]));

    let stranger = caller_of("123456789012", "eu-west-1");
    let input = BatchGetStreamKeyRequest { arns };
    let answer = house.control.batch_get_stream_key(&stranger, input).await.unwrap();
    assert_eq!((answer.stream_keys, answer.errors.unwrap().len()), (Some(vec![]), 3));
}

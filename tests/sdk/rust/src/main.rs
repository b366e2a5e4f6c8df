//! The stories of `tests/harness/sdk_story.py` and `sdk_chat_story.py`, told by the AWS SDK for Rust.
//!
//! It reads the endpoint, the region, a key of an empty account and a public key from its environment, and prints
//! the name of each step once it holds. Given a channel that is live (`STORY_LIVE_CHANNEL`), it looks at that alone
//! and prints the stream's id; told that the service is `ivschat` (`STORY_SERVICE`), it tells the story of a chat.
//!
//! Promise: the first thing that the SDK's user would see otherwise than AWS's documentation says ends the program
//! with a failure that shows it.

mod chat;
mod live;
mod refused;
mod story;

use std::env;

use aws_sdk_ivs::Client;
use aws_sdk_ivs::config::retry::RetryConfig;
use aws_sdk_ivs::config::{BehaviorVersion, Config, Credentials, Region};

use story::{Failure, Given, Story};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let region = set("AWS_REGION")?;
    let ivs = client(&region)?;
    if let Ok(channel) = env::var("STORY_LIVE_CHANNEL") {
        println!("{}", live::stream_id(&ivs, &channel).await?);
        return Ok(());
    }
    if env::var("STORY_SERVICE").is_ok_and(|service| service == "ivschat") {
        let story = chat::ChatStory::new(chat_client(&region)?, region, set("STORY_ACCOUNT")?);
        return story.tell().await;
    }
    let given = Given {
        account: set("STORY_ACCOUNT")?,
        region,
        public_key: set("STORY_PUBLIC_KEY")?,
        fingerprint: set("STORY_FINGERPRINT")?,
    };
    Story::new(ivs, given).tell().await
}

/// A client that asks once: a retry would hide what it repeats.
fn client(region: &str) -> Result<Client, Failure> {
    let (id, secret) = (set("AWS_ACCESS_KEY_ID")?, set("AWS_SECRET_ACCESS_KEY")?);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(set("STORY_ENDPOINT")?)
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(id, secret, None, None, "the environment"))
        .retry_config(RetryConfig::disabled());
    Ok(Client::from_conf(config.build()))
}

/// The same for chat, whose crate has types of its own with the same names.
fn chat_client(region: &str) -> Result<aws_sdk_ivschat::Client, Failure> {
    use aws_sdk_ivschat::config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig};
    let (id, secret) = (set("AWS_ACCESS_KEY_ID")?, set("AWS_SECRET_ACCESS_KEY")?);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(set("STORY_ENDPOINT")?)
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(id, secret, None, None, "the environment"))
        .retry_config(RetryConfig::disabled());
    Ok(aws_sdk_ivschat::Client::from_conf(config.build()))
}

fn set(name: &str) -> Result<String, Failure> {
    env::var(name).map_err(|_| format!("{name} is not set").into())
}

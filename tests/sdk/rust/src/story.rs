//! The story: what it is given, what it has made so far, and the order of its steps.
//!
//! Promise: the steps have the names and the order of the story that the other SDKs are told.

mod asked;
mod changed;
mod gone;
mod made;

use std::error::Error;

use aws_sdk_ivs::Client;
use aws_sdk_ivs::types::BatchError;

/// Why the story ended early.
pub(crate) type Failure = Box<dyn Error>;

/// What the story is told about the place that it happens in.
pub(crate) struct Given {
    /// The account of the access key; nobody has used it yet.
    pub(crate) account: String,
    pub(crate) region: String,
    /// A P-384 public key as PEM text.
    pub(crate) public_key: String,
    /// The MD5 of that key as pairs of hexadecimal digits with colons.
    pub(crate) fingerprint: String,
}

/// The ARNs of what the story has made.
#[derive(Default)]
struct Arns {
    recording: String,
    policy: String,
    key_pair: String,
    channel: String,
    stream_key: String,
}

pub(crate) struct Story {
    ivs: Client,
    given: Given,
    arns: Arns,
}

/// Runs steps by name and prints each name once the step holds.
macro_rules! steps {
    ($story:ident: $($step:ident),+ $(,)?) => {
        $($story.$step().await?; println!(stringify!($step));)+
    };
}

impl Story {
    pub(crate) fn new(ivs: Client, given: Given) -> Self {
        Self { ivs, given, arns: Arns::default() }
    }

    pub(crate) async fn tell(mut self) -> Result<(), Failure> {
        steps!(self:
            a_recording_configuration_becomes_active,
            a_restriction_policy_is_made_and_changed,
            a_p384_key_is_imported_once,
            a_channel_is_made_with_all_of_them,
            channels_are_read_alone_and_in_a_batch,
            a_list_takes_one_filter,
            a_channel_has_one_stream_key_that_can_be_replaced,
            what_is_in_use_is_not_deleted,
            a_channel_is_updated_in_place,
            tags_come_and_go_on_each_kind,
            viewers_are_revoked_alone_and_in_a_batch,
            an_offline_channel_has_no_stream,
            a_refusal_says_why,
            channels_are_paged_through,
            all_is_deleted_and_stays_so,
        );
        Ok(())
    }

    /// An ARN of the story's account that nobody has made.
    fn unknown(&self, kind: &str) -> String {
        let Given { region, account, .. } = &self.given;
        format!("arn:aws:ivs:{region}:{account}:{kind}/AAAAbbbb0000")
    }
}

/// A batch has told of exactly this missing item, with a code and in words.
fn assert_one_is_missing(errors: &[BatchError], arn: &str) {
    let [error] = errors else { panic!("one error, not {errors:?}") };
    assert_eq!(error.arn(), Some(arn));
    assert_eq!(error.code(), Some("ResourceNotFoundException"));
    assert!(error.message().is_some_and(|text| text.contains(arn)), "{error:?}");
}

//! Where chat logs go besides buckets: CloudWatch Logs and Firehose.
//!
//! **Way in**: [`LogSinks::probe`], [`LogSinks::look`], [`LogSinks::deliver`]. **Way out**: signed calls.
//!
//! Promise: [`Delivery::taken`] records, and not one fewer, are the destination's; a batch keeps every bound of
//! the service, so that none is refused for its size.
//!
//! Sources: CloudWatch Logs API reference, `PutLogEvents`; Firehose API reference, `PutRecordBatch`; IVS user
//! guide, "IVS Chat Logging" (names of streams).

mod answer;
mod cloudwatch;
mod firehose;

use std::time::Duration;

use bytes::Bytes;
use domain::{LogDestination, Region};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

pub use answer::{SinkError, SinkTrouble};

use crate::client::Outbound;
use crate::signed::Call;

/// A call that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(15);
/// The longest answer is that of a Firehose batch: 500 records with an id or error each.
const MAX_ANSWER: usize = 1 << 20;

/// Where the services are.
#[derive(Clone, Debug, Default)]
pub struct LogSinksConfig {
    /// CloudWatch Logs; `None`: Amazon's own of the region.
    pub logs_endpoint: Option<String>,
    /// Firehose; `None`: Amazon's own of the region.
    pub firehose_endpoint: Option<String>,
}

/// One record.
#[derive(Clone, Debug)]
pub struct LogEvent {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Which room's: the id in its ARN.
    pub room: std::sync::Arc<str>,
    /// The record's JSON text without a line's end.
    pub text: Bytes,
}

/// What became of a delivery.
#[derive(Debug)]
#[must_use]
pub struct Delivery {
    /// The first so many records are done with.
    pub taken: usize,
    /// So many of them the destination refused for good, such as those too old for it; they are lost.
    pub refused: usize,
    /// Why the rest was not taken; `None` when there is no rest.
    pub error: Option<SinkError>,
}

/// Delivers to CloudWatch Logs and Firehose. A clone is another handle on the same client.
#[derive(Clone, Debug)]
pub struct LogSinks {
    outbound: Outbound,
    config: LogSinksConfig,
}

impl LogSinks {
    /// Delivers by `outbound`, whose credentials sign the calls.
    pub fn new(outbound: Outbound, config: LogSinksConfig) -> Self {
        Self { outbound, config }
    }

    /// Can the destination be written to? CloudWatch Logs gets a stream for such trials in the group, with
    /// one line (as the vendor's own trials leave one); a Firehose stream is described and gets nothing.
    ///
    /// # Errors
    /// [`SinkError`] says what the service answered; a bucket is none of this crate's business.
    pub async fn probe(&self, destination: &LogDestination, region: &Region) -> Result<(), SinkError> {
        match destination {
            LogDestination::S3 { .. } => Err(SinkError::Bucket),
            LogDestination::CloudWatchLogs { log_group } => cloudwatch::probe(self, region, log_group).await,
            LogDestination::Firehose { delivery_stream } => {
                firehose::probe(self, region, delivery_stream).await
            }
        }
    }

    /// Is the destination there? Nothing changes by the look. It takes a permission that delivery does not need:
    /// `logs:DescribeLogStreams`; of a delivery stream the trial's own.
    ///
    /// # Errors
    /// As [`LogSinks::probe`].
    pub async fn look(&self, destination: &LogDestination, region: &Region) -> Result<(), SinkError> {
        match destination {
            LogDestination::S3 { .. } => Err(SinkError::Bucket),
            LogDestination::CloudWatchLogs { log_group } => cloudwatch::look(self, region, log_group).await,
            LogDestination::Firehose { delivery_stream } => {
                firehose::probe(self, region, delivery_stream).await
            }
        }
    }

    /// Delivers records in their order, in as few calls as the service's bounds allow. CloudWatch Logs has a
    /// stream for each room, which is made when there is none; so all `events` must be of one room there.
    pub async fn deliver(
        &self,
        destination: &LogDestination,
        region: &Region,
        events: &[LogEvent],
    ) -> Delivery {
        match destination {
            LogDestination::S3 { .. } => Delivery { taken: 0, refused: 0, error: Some(SinkError::Bucket) },
            LogDestination::CloudWatchLogs { log_group } => {
                cloudwatch::deliver(self, region, log_group, events).await
            }
            LogDestination::Firehose { delivery_stream } => {
                firehose::deliver(self, region, delivery_stream, events).await
            }
        }
    }

    /// Calls an action of a service with the JSON protocol, version 1.1.
    async fn call(
        &self,
        service: Service,
        region: &Region,
        action: &str,
        body: Bytes,
    ) -> Result<Bytes, SinkError> {
        let endpoint = match service {
            Service::Logs => &self.config.logs_endpoint,
            Service::Firehose => &self.config.firehose_endpoint,
        };
        let url = match endpoint {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            None => format!("https://{}.{region}.amazonaws.com/", service.name()),
        };
        let target = format!("{}.{action}", service.target());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        let target =
            HeaderValue::try_from(target).map_err(|_| SinkError::Answer { service: service.name() })?;
        headers.insert(HeaderName::from_static("x-amz-target"), target);
        let call = Call {
            service: service.name(),
            region: region.as_str(),
            keys: None,
            method: http::Method::POST,
            url: &url,
            headers,
            body,
            deadline: Instant::now() + DEADLINE,
            max_answer: MAX_ANSWER,
        };
        answer::read(service.name(), &self.outbound.signed(call).await?)
    }
}

#[derive(Clone, Copy)]
enum Service {
    Logs,
    Firehose,
}

impl Service {
    /// In host names and signatures.
    fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Firehose => "firehose",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Logs => "Logs_20140328",
            Self::Firehose => "Firehose_20150804",
        }
    }
}

//! Where metrics go besides the page of the metrics listener: CloudWatch.
//!
//! **Way in**: [`MetricSink::put`]. **Way out**: signed calls.
//!
//! Promise: a call keeps every bound of the service, and what a failed delivery did not get across is said to the
//! last datum, so that it can be sent again without being counted twice.
//!
//! Sources: CloudWatch API reference, `PutMetricData`, `MetricDatum`, `StatisticSet`; the JSON protocol (1.0) as
//! the service's model has it.

mod body;
mod error;

use bytes::Bytes;
use domain::Region;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

pub use body::{Dimension, MetricDatum, Statistics, Unit};
pub use error::{MetricSinkError, MetricTrouble};

use crate::client::Outbound;
use crate::signed::Call;

/// The service's name in host names and signatures.
const SERVICE: &str = "monitoring";
const TARGET: &str = "GraniteServiceVersion20100801.PutMetricData";
/// A good answer is empty.
const MAX_ANSWER: usize = 64 * 1024;

/// Where CloudWatch is, and under what name metrics stand there.
#[derive(Clone, Debug)]
pub struct MetricSinkConfig {
    /// The service; `None`: Amazon's own of the region.
    pub endpoint: Option<String>,
    /// Namespace. Amazon's service keeps those that begin with `AWS/` to itself.
    pub namespace: String,
    /// Region of the service.
    pub region: Region,
}

/// What became of a delivery.
#[derive(Debug)]
#[must_use]
pub struct MetricDelivery {
    /// The first so many data are done with.
    pub taken: usize,
    /// So many of them the service refused for good; they are lost.
    pub refused: usize,
    /// The last refusal, or why the rest was not taken.
    pub error: Option<MetricSinkError>,
}

/// Delivers to CloudWatch.
#[derive(Clone, Debug)]
pub struct MetricSink {
    outbound: Outbound,
    config: MetricSinkConfig,
}

impl MetricSink {
    /// Delivers by `outbound`, whose credentials sign the calls.
    pub fn new(outbound: Outbound, config: MetricSinkConfig) -> Self {
        Self { outbound, config }
    }

    /// Puts data in their order, in as few calls as the service's bounds allow, all before `deadline`. Stops at the
    /// first call that may do better later; goes on over one that never will.
    pub async fn put(&self, data: &[MetricDatum], deadline: Instant) -> MetricDelivery {
        let mut done = MetricDelivery { taken: 0, refused: 0, error: None };
        while done.taken < data.len() {
            let (count, text) = body::batch(&self.config.namespace, &data[done.taken..]);
            match self.call(text, deadline).await {
                Ok(()) => {}
                Err(error) if error.trouble() == MetricTrouble::Unfit => {
                    done.refused += count;
                    done.error = Some(error);
                }
                Err(error) => {
                    done.error = Some(error);
                    break;
                }
            }
            done.taken += count;
        }
        done
    }

    async fn call(&self, text: Vec<u8>, deadline: Instant) -> Result<(), MetricSinkError> {
        let url = match &self.config.endpoint {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            None => format!("https://{SERVICE}.{}.amazonaws.com/", self.config.region),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_static(TARGET));
        let body = match body::compressed(&text) {
            Some(small) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                Bytes::from(small)
            }
            None => Bytes::from(text),
        };
        let call = Call {
            service: SERVICE,
            region: self.config.region.as_str(),
            keys: None,
            method: http::Method::POST,
            url: &url,
            headers,
            body,
            deadline,
            max_answer: MAX_ANSWER,
        };
        error::read(&self.outbound.signed(call).await?)
    }
}

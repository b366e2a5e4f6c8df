//! Where chat logs go besides buckets.
//!
//! Promise: a service is asked whether the group or the delivery stream is there, with the keys that the server itself
//! uses; nothing is written, also not what a new configuration's trial leaves behind.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{LogDestination, Region, chain};
use outbound::log_sink::{LogSinks, SinkError, SinkTrouble};
use store::{PageRequest, Store, StoreError, Tenant};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::examination::Subject;
use super::finding::Found;
use crate::config::Config;
use crate::pipes;

/// Destinations that are asked for, all at once.
const DESTINATIONS: usize = 50;
/// One destination's time.
const PATIENCE: Duration = Duration::from_secs(8);
/// Rows that are read at a time.
const PAGE: u32 = 100;

/// All log groups and delivery streams that logging configurations name; nothing when there is none.
pub(super) async fn look(subject: Subject) -> Vec<(String, Found)> {
    let config = &subject.config;
    let named = match &subject.store {
        Ok(store) => read(store, config).await.map_err(|error| chain(&error)),
        Err(why) => Err(why.clone()),
    };
    let named = match named {
        Ok(named) if named.is_empty() => return Vec::new(),
        Ok(named) => named,
        Err(why) => {
            return vec![(String::new(), Found::skip(format!("which there are is not known: {why}")))];
        }
    };
    let sinks = match pipes::outbound(config) {
        Ok(outbound) => pipes::log_sinks(config, outbound),
        Err(error) => {
            let words = format!("nothing can be called from here: {}", chain(&error));
            let advice = "See what of the certificates that this system trusts can't be read.";
            return vec![(String::new(), Found::fail(words, advice))];
        }
    };
    let mut looks = JoinSet::new();
    for (name, destination) in named.into_iter().take(DESTINATIONS) {
        looks.spawn(asked(sinks.clone(), config.region.clone(), name, destination));
    }
    looks.join_all().await
}

/// By the names of their findings.
async fn read(store: &Store, config: &Config) -> Result<BTreeMap<String, LogDestination>, StoreError> {
    let tenant = Tenant { account: config.account.clone(), region: config.region.clone() };
    let mut named = BTreeMap::new();
    let mut next = Some(PageRequest::first(PAGE));
    while let Some(request) = next {
        let page = store.logging_configurations(&tenant, request).await?;
        for configuration in page.items {
            let name = match &configuration.destination {
                LogDestination::S3 { .. } => continue,
                LogDestination::CloudWatchLogs { log_group } => format!("logs:{log_group}"),
                LogDestination::Firehose { delivery_stream } => format!("firehose:{delivery_stream}"),
            };
            named.insert(name, configuration.destination);
        }
        next = page.next.map(|after| PageRequest { after, limit: PAGE });
    }
    Ok(named)
}

async fn asked(
    sinks: LogSinks,
    region: Region,
    name: String,
    destination: LogDestination,
) -> (String, Found) {
    let answer = timeout(PATIENCE, sinks.look(&destination, &region)).await;
    let service = Service::of(&destination);
    let found = match answer {
        Ok(Ok(())) => Found::ok(service.there),
        Ok(Err(error)) => service.judged(&error),
        Err(_) => Found::fail(
            format!("{} does not answer within {} s", service.name, PATIENCE.as_secs()),
            service.advice(SinkTrouble::Other),
        ),
    };
    (name, found)
}

/// What is said of a service.
struct Service {
    name: &'static str,
    there: &'static str,
    endpoint: &'static str,
    permissions: &'static str,
    make: &'static str,
    /// Delivery does not need the permission to look.
    may_be_blind: bool,
}

impl Service {
    fn of(destination: &LogDestination) -> Self {
        match destination {
            LogDestination::Firehose { .. } => Self {
                name: "Firehose",
                there: "Firehose has the delivery stream, and it is ACTIVE",
                endpoint: "firehose_endpoint",
                permissions: "firehose:PutRecordBatch and firehose:DescribeDeliveryStream",
                make: "Make the delivery stream, or wait until it is ACTIVE",
                may_be_blind: false,
            },
            _ => Self {
                name: "CloudWatch Logs",
                there: "CloudWatch Logs has the log group",
                endpoint: "logs_endpoint",
                permissions: "logs:CreateLogStream and logs:PutLogEvents",
                make: "Make the log group",
                may_be_blind: true,
            },
        }
    }

    fn judged(&self, error: &SinkError) -> Found {
        if self.may_be_blind && is_no_answer(error) {
            return Found::skip(format!(
                "{} answers, but whether the group is there can't be told: {}",
                self.name,
                chain(error)
            ));
        }
        Found::fail(format!("{} can't be used: {}", self.name, chain(error)), self.advice(error.trouble()))
    }

    fn advice(&self, trouble: SinkTrouble) -> String {
        let Self { endpoint, permissions, make, .. } = self;
        match trouble {
            SinkTrouble::Missing => {
                format!("{make} in the server's region, or name another one in the logging configuration.")
            }
            SinkTrouble::Denied => format!(
                "See whether aws_access_key and aws_secret_key are right, and give the key {permissions}."
            ),
            SinkTrouble::Unfit | SinkTrouble::Other => format!(
                "See whether {endpoint} is right, whether it runs, and whether DNS and firewall let this machine \
                 reach it; the log waits on this disk meanwhile."
            ),
        }
    }
}

/// The key may write and not look, or the service knows no such question: neither hinders delivery.
fn is_no_answer(error: &SinkError) -> bool {
    const CODES: &[&str] =
        &["AccessDenied", "AccessDeniedException", "NotAuthorized", "UnknownOperationException"];
    matches!(error, SinkError::Service { code, .. } if CODES.contains(&code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome;
    use super::*;

    fn judged(destination: &LogDestination, code: &str) -> Found {
        let (code, message) = (code.to_owned(), "words".to_owned());
        Service::of(destination).judged(&SinkError::Service { service: "it", status: 400, code, message })
    }

    #[test]
    fn a_key_that_may_write_and_not_look_is_no_failure() {
        let group = LogDestination::CloudWatchLogs { log_group: "chat".to_owned() };
        let stream = LogDestination::Firehose { delivery_stream: "chat".to_owned() };
        assert_eq!(judged(&group, "AccessDeniedException").outcome, Outcome::Skip);
        assert_eq!(judged(&stream, "AccessDeniedException").outcome, Outcome::Fail, "it is tried by that");
        for (code, advice) in [
            ("ResourceNotFoundException", "Make the log group"),
            ("UnrecognizedClientException", "logs:PutLogEvents"),
            ("ThrottlingException", "logs_endpoint"),
        ] {
            let found = judged(&group, code);
            assert_eq!(found.outcome, Outcome::Fail, "{code}");
            assert!(found.advice.is_some_and(|told| told.contains(advice)), "{code}");
        }
    }
}

//! What the log counts (user guide, "Monitoring Amazon IVS Chat"; those of the spool are our own).
//!
//! Promise: each record that was lost is counted, with whose it was and why.

use blob::Trouble;
use domain::Arn;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Configuration {
    logging_configuration: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Loss {
    logging_configuration: String,
    reason: &'static str,
}

/// Why records were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Too many waited in memory for the disk.
    Queue,
    /// The disk did not take them for long.
    Disk,
    /// The spool was at its bound.
    Bound,
    /// Their lines are damaged.
    Damage,
    /// The destination refused them for good.
    Refused,
    /// Their configuration was deleted long ago.
    Retention,
}

impl Lost {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Disk => "disk",
            Self::Bound => "bound",
            Self::Damage => "damage",
            Self::Refused => "refused",
            Self::Retention => "retention",
        }
    }
}

/// All counts of the log. A clone is another handle on them.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    errors: Family<Configuration, Counter>,
    denied: Family<Configuration, Counter>,
    missing: Family<Configuration, Counter>,
    delivered: Family<Configuration, Counter>,
    lost: Family<Loss, Counter>,
    spooled: Counter,
    spool_bytes: Gauge,
}

impl Counts {
    pub(super) fn register(&self, registry: &mut Registry) {
        let errors = "Failures to deliver chat logs, of whatever kind";
        registry.register("log_destination_errors", errors, self.errors.clone());
        let denied = "Failures to deliver chat logs for lack of permission";
        registry.register("log_destination_access_denied_error", denied, self.denied.clone());
        let missing = "Failures to deliver chat logs as the destination is not there";
        registry.register("log_destination_resource_not_found_errors", missing, self.missing.clone());
        let delivered = "Chat log records that their destination took";
        registry.register("log_records_delivered", delivered, self.delivered.clone());
        let lost = "Chat log records that were given up";
        registry.register("log_records_lost", lost, self.lost.clone());
        let spooled = "Chat log records that were written to the spool, once for each configuration";
        registry.register("log_records_spooled", spooled, self.spooled.clone());
        let bytes = "Bytes on disk in the chat log's spool";
        registry.register("log_spool_bytes", bytes, self.spool_bytes.clone());
    }

    pub(super) fn error(&self, configuration: &Arn, trouble: Trouble) {
        let labels = of(configuration);
        self.errors.get_or_create(&labels).inc();
        match trouble {
            Trouble::Denied => drop(self.denied.get_or_create(&labels).inc()),
            Trouble::Missing => drop(self.missing.get_or_create(&labels).inc()),
            Trouble::Other => {}
        }
    }

    pub(super) fn delivered(&self, configuration: &Arn, records: u64) {
        self.delivered.get_or_create(&of(configuration)).inc_by(records);
    }

    /// Counts and tells. `None`: it is not known where they were to go.
    pub(super) fn lost(&self, configuration: Option<&Arn>, records: u64, why: Lost) {
        if records == 0 {
            return;
        }
        let logging_configuration = configuration.map_or_else(String::new, Arn::to_string);
        tracing::error!(
            records,
            reason = why.as_str(),
            configuration = logging_configuration,
            "chat log records lost"
        );
        self.lost.get_or_create(&Loss { logging_configuration, reason: why.as_str() }).inc_by(records);
    }

    pub(super) fn spooled(&self, records: u64) {
        self.spooled.inc_by(records);
    }

    pub(super) fn spool_bytes(&self, bytes: u64) {
        self.spool_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

fn of(configuration: &Arn) -> Configuration {
    Configuration { logging_configuration: configuration.to_string() }
}

//! What is counted (user guide, "Monitoring Amazon IVS Chat").
//!
//! Promise: each metric of the vendor's has one here, with its dimensions as labels; to count takes no lock.

use bus::FrameKind;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::request::Action;

/// What was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    Message,
    Deletion,
    Disconnection,
    Event,
}

impl Delivered {
    const ALL: [Self; 4] = [Self::Message, Self::Deletion, Self::Disconnection, Self::Event];

    /// Of a frame that all get.
    pub(crate) fn of(kind: FrameKind, payload: &str) -> Self {
        match kind {
            FrameKind::Message => Self::Message,
            FrameKind::Event if payload.contains("\"EventName\":\"aws:DELETE_MESSAGE\"") => Self::Deletion,
            FrameKind::Event => Self::Event,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Message => "SEND_MESSAGE",
            Self::Deletion => "DELETE_MESSAGE",
            Self::Disconnection => "DISCONNECT_USER",
            Self::Event => "SEND_EVENT",
        }
    }
}

type Labels = [(&'static str, &'static str); 1];

/// All counts of a server's chat.
pub(crate) struct Metrics {
    registry: Registry,
    connections: Gauge,
    rooms: Gauge,
    slow: Gauge,
    written: Gauge,
    linked: Gauge,
    lost: Gauge,
    gaps: Gauge,
    requests: [Counter; 3],
    deliveries: [Counter; 4],
    /// Requests that were answered with an ERROR.
    pub(crate) errors: Counter,
    /// Handshakes that were refused.
    pub(crate) refused: Counter,
    /// Tokens that were used up for a connection.
    pub(crate) joins: Counter,
}

/// What is read at the moment of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) counts: fanout::Counts,
    pub(crate) rooms: usize,
    pub(crate) bus: bus::Figures,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("ivschat");
        let requests = Family::<Labels, Counter>::default();
        let deliveries = Family::<Labels, Counter>::default();
        registry.register("messaging_requests", "Requests that clients made, by action", requests.clone());
        registry.register(
            "messaging_deliveries",
            "Frames given to connections, each receiver counted, by action",
            deliveries.clone(),
        );
        let counter =
            |family: &Family<Labels, Counter>, action| family.get_or_create_owned(&[("action", action)]);
        Self {
            requests: Action::ALL.map(|action| counter(&requests, action.as_str())),
            deliveries: Delivered::ALL.map(|action| counter(&deliveries, action.as_str())),
            connections: gauge(&mut registry, "concurrent_chat_connections", "Connections now"),
            rooms: gauge(&mut registry, "live_rooms", "Rooms that are kept in memory now"),
            slow: gauge(
                &mut registry,
                "slow_connections",
                "Connections ended so far because they did not read",
            ),
            linked: gauge(&mut registry, "bus_linked", "1 while this server hears and tells the others"),
            lost: gauge(&mut registry, "bus_lost", "What was said and did not come back from the bus so far"),
            gaps: gauge(&mut registry, "bus_gaps", "Times so far that this server may have missed something"),
            written: gauge(&mut registry, "written_bytes", "Bytes written to connections so far"),
            errors: count(&mut registry, "messaging_errors", "Requests answered with an ERROR frame"),
            refused: count(&mut registry, "handshakes_refused", "Handshakes that were refused"),
            joins: count(&mut registry, "handshakes_admitted", "Handshakes that were admitted"),
            registry,
        }
    }

    /// Where others put theirs.
    pub(crate) fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Counts a request, also one that is refused.
    pub(crate) fn requested(&self, action: Action) {
        self.requests[action as usize].inc();
    }

    /// Counts a frame that `receivers` get.
    pub(crate) fn delivered(&self, what: Delivered, receivers: u32) {
        self.deliveries[what as usize].inc_by(receivers.into());
    }

    /// Prometheus' text format.
    pub(crate) fn page(&self, now: Now) -> String {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.connections.set(whole(now.counts.connections));
        self.rooms.set(i64::try_from(now.rooms).unwrap_or(i64::MAX));
        self.slow.set(whole(now.counts.slow));
        self.written.set(whole(now.counts.written));
        self.linked.set(now.bus.linked.into());
        self.lost.set(whole(now.bus.lost));
        self.gaps.set(whole(now.bus.gaps));
        let mut text = String::new();
        // Writing to a String can't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

fn count(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_vendors_metrics_by_action() {
        let metrics = Metrics::new();
        metrics.requested(Action::DeleteMessage);
        metrics.delivered(Delivered::of(FrameKind::Message, ""), 3);
        metrics.delivered(
            Delivered::of(FrameKind::Event, r#"{"Type":"EVENT","EventName":"aws:DELETE_MESSAGE"}"#),
            4,
        );
        let counts = fanout::Counts { connections: 5, ..Default::default() };
        let bus = bus::Bus::in_process(bus::NodeId("a".to_owned())).figures();
        let page = metrics.page(Now { counts, rooms: 2, bus });
        for line in [
            "ivschat_concurrent_chat_connections 5",
            "ivschat_messaging_requests_total{action=\"DELETE_MESSAGE\"} 1",
            "ivschat_messaging_deliveries_total{action=\"SEND_MESSAGE\"} 3",
            "ivschat_messaging_deliveries_total{action=\"DELETE_MESSAGE\"} 4",
            "ivschat_messaging_deliveries_total{action=\"SEND_EVENT\"} 0",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
        }
    }
}

//! The page: what each part of the house counts, as one text.
//!
//! Promise: always one whole OpenMetrics document, with one end.

use std::fmt;

use chat::Chat;
use events::Counts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::meter::Meter;
use super::process::Process;
use super::sinks::SinksPage;
use super::streams::StreamsPage;

/// What ends a document.
const END: &str = "# EOF\n";

/// Those who count.
pub(crate) struct Page {
    /// Streams.
    pub meter: Meter,
    /// Chat.
    pub chat: Chat,
    /// Those who are told what happens to streams.
    pub told: Counts,
}

impl Page {
    /// The whole page at this moment.
    pub(crate) fn text(&self) -> String {
        let streams = Box::new(StreamsPage(self.meter.view()));
        let told = Box::new(SinksPage(self.told.read()));
        join(vec![streams, told, Box::new(Process::now()), Box::new(Build)], &[self.chat.metrics()])
    }
}

/// One document of what collectors tell and of other documents.
fn join(collectors: Vec<Box<dyn Collector>>, documents: &[String]) -> String {
    let mut registry = Registry::default();
    for collector in collectors {
        registry.register_collector(collector);
    }
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ = encode_registry(&mut text, &registry);
    for document in documents {
        text.push_str(document.strip_suffix(END).unwrap_or(document));
    }
    let _ = encode_eof(&mut text);
    text
}

/// Which program this is.
#[derive(Debug)]
struct Build;

impl Collector for Build {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        encoder
            .encode_descriptor("rillcast_build", "The program that is running", None, MetricType::Info)?
            .encode_info(&version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_documents_have_one_end() {
        let text = join(vec![Box::new(Build)], &["a 1\n# EOF\n".to_owned(), "b 2\n# EOF\n".to_owned()]);
        assert!(text.ends_with("\na 1\nb 2\n# EOF\n"), "{text}");
        assert_eq!(text.matches("# EOF").count(), 1);
        assert!(text.contains("rillcast_build_info{version=\""), "{text}");
    }
}

//! The page: what each part of the house counts, as one text.
//!
//! Promise: always one whole OpenMetrics document, with one end.

use std::fmt;
use std::sync::Arc;

use chat::Chat;
use delivery::Delivery;
use events::Counts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::ingest::IngestPage;
use super::meter::Meter;
use super::playback::PlaybackPage;
use super::process::Process;
use super::recording::RecordingPage;
use super::sinks::SinksPage;
use super::streams::StreamsPage;
use super::transcoding::TranscodingPage;

/// What ends a document.
const END: &str = "# EOF\n";

/// Those who count.
pub(crate) struct Page {
    /// Streams.
    pub meter: Meter,
    /// Chat.
    pub chat: Chat,
    /// What viewers get.
    pub delivery: Delivery,
    /// Those who are told what happens to streams.
    pub told: Counts,
    /// What makes renditions.
    pub transcoding: Arc<transcode::Figures>,
    /// What records.
    pub recording: Arc<recording::Figures>,
    /// What lets streams in.
    pub ingest: Arc<ingest::Figures>,
}

impl Page {
    /// The whole page at this moment.
    pub(crate) fn text(&self) -> String {
        let streams = Box::new(StreamsPage(self.meter.view()));
        let told = Box::new(SinksPage(self.told.read()));
        let playback = Box::new(PlaybackPage(self.delivery.figures()));
        let transcoding = Box::new(TranscodingPage(Arc::clone(&self.transcoding)));
        let recording = Box::new(RecordingPage(Arc::clone(&self.recording)));
        let ingest = Box::new(IngestPage(Arc::clone(&self.ingest)));
        let (process, build) = (Box::new(Process::now()), Box::new(Build));
        let all: Vec<Box<dyn Collector>> =
            vec![streams, ingest, transcoding, recording, playback, told, process, build];
        join(all, &[self.chat.metrics()])
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
    use std::time::{Instant, SystemTime};

    use domain::{Arn, ContainerFormat, StreamHealth, StreamId};
    use live::{Audience, Hub, Incoming, Publisher, RingLimits, Snapshot, Terms, Texts};
    use media::Ticks;

    use super::super::periods::Periods;
    use super::*;

    #[test]
    fn joined_documents_have_one_end() {
        let text = join(vec![Box::new(Build)], &["a 1\n# EOF\n".to_owned(), "b 2\n# EOF\n".to_owned()]);
        assert!(text.ends_with("\na 1\nb 2\n# EOF\n"), "{text}");
        assert_eq!(text.matches("# EOF").count(), 1);
        assert!(text.contains("rillcast_build_info{version=\""), "{text}");
    }

    /// A studio of live streams with one viewer each.
    fn live(hub: &Hub, count: u8) -> Vec<Publisher> {
        let terms = Terms {
            container: ContainerFormat::FragmentedMp4,
            part_target: Ticks::from_millis(200),
            target_duration: 2,
            part_hold_back: Ticks::from_millis(600),
            hold_back: Ticks::from_millis(6_000),
            can_skip_until: Ticks::from_millis(12_000),
            frame_rate: Some(30.0),
        };
        let (listed, retired): (Arc<[_]>, Arc<[_]>) = (Arc::new([]), Arc::new([]));
        let texts = Texts::default();
        let snapshot = Snapshot {
            history: live::History::default(),
            terms,
            listed,
            retired,
            open: None,
            discontinuity_sequence: 0,
            time: std::time::UNIX_EPOCH,
            closing: false,
            ended: false,
            texts,
        };
        let snapshot = Arc::new(snapshot);
        let incoming = Incoming {
            bitrate: 512_345,
            video_bitrate: 448_123,
            audio_bitrate: 64_222,
            frame_rate: 29.97,
            keyframe_interval: 2.002,
        };
        let stream = |number: u8| {
            let arn = format!("arn:aws:ivs:us-east-1:123456789012:channel/channel{number:05}");
            let arn = Arn::parse(&arn).expect("an ARN");
            let stream = StreamId::parse(&format!("st-{number:023}")).expect("a stream id");
            let publisher =
                hub.publish(&arn, stream, Audience::Everyone, SystemTime::now()).expect("a free channel");
            let broadcast = publisher.broadcast();
            broadcast.shelf().writer().expect("a new shelf").put(Arc::clone(&snapshot));
            broadcast.pulse().set_viewers(1);
            broadcast.pulse().set_health(StreamHealth::Healthy);
            broadcast.pulse().set_incoming(incoming);
            publisher
        };
        (0..count).map(stream).collect()
    }

    fn streams_page(meter: &Meter) -> String {
        join(vec![Box::new(StreamsPage(meter.view()))], &[])
    }

    #[test]
    fn channels_without_a_series_are_added_up_in_one() {
        let hub = Hub::new(RingLimits::default());
        let meter = Meter::new(hub.clone(), 2);
        let publishers = live(&hub, 5);
        let page = streams_page(&meter);
        for line in [
            "ivs_concurrent_views{channel=\"channel00001\"} 1",
            "ivs_concurrent_views{channel=\"_other\"} 3",
            "ivs_all_concurrent_views 5",
            "ivs_concurrent_streams{health=\"HEALTHY\"} 5",
            "ivs_ingest_bitrate_bits_per_second{channel=\"_other\"} 1537035",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
        }
        assert!(!page.contains("ivs_ingest_framerate{channel=\"_other\"}"), "{page}");
        drop(publishers);
        let page = streams_page(&meter);
        assert!(!page.contains("ivs_concurrent_views{"), "{page}");
        assert!(page.contains("ivs_live_input_seconds_total{channel=\"channel00001\"}"), "{page}");
    }

    /// `cargo test --release -p rillcast --lib what_a_scrape_costs -- --ignored --nocapture`
    #[test]
    #[ignore = "measures, and judges nothing"]
    fn what_a_scrape_costs() {
        let hub = Hub::new(RingLimits::default());
        let meter = Meter::new(hub.clone(), 1_000);
        let _publishers = live(&hub, 200);
        let each = |what: &str, work: &mut dyn FnMut()| {
            let (rounds, started) = (500, Instant::now());
            (0..rounds).for_each(|_| work());
            println!("{what}: {} us", started.elapsed().as_micros() / rounds);
        };
        let mut periods = Periods::default();
        let mut second = 0;
        each("a look at 200 streams", &mut || meter.look());
        each("their part of the page", &mut || drop(streams_page(&meter)));
        each("the process's part", &mut || drop(join(vec![Box::new(Process::now())], &[])));
        each("a second's samples for CloudWatch", &mut || {
            second += 1;
            periods.take(&meter.view(), second);
            drop(periods.finished());
        });
        println!("the page: {} bytes", streams_page(&meter).len());
    }
}

//! Data as CloudWatch reads them.
//!
//! Promise: a body holds at least one datum and never more than the service takes in a call; no number in it is
//! one that the service refuses.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Serialize, Serializer};

/// Bounds of a call (API reference, `PutMetricData`: 1,000 metrics, 1 MB).
const DATA: usize = 1_000;
const BYTES: usize = 1_000_000;
/// A body smaller than this goes as it is (SDKs' default for services that take gzip).
const WORTH_COMPRESSING: usize = 10 * 1024;
/// Values must lie within ±2^360; ours are far from it, so that this only keeps out what is no number.
const LARGEST: f64 = 1e100;

/// What a datum is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// Such as `Channel`; ASCII.
    pub name: &'static str,
    /// Such as the channel's id; ASCII.
    pub value: Arc<str>,
}

/// In what a datum is measured (API reference, `MetricDatum`, Unit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Things a second.
    CountPerSecond,
    /// Bits a second.
    BitsPerSecond,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// The service's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::CountPerSecond => "Count/Second",
            Self::BitsPerSecond => "Bits/Second",
            Self::Seconds => "Seconds",
        }
    }
}

/// What is left of a period's samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// How many samples, at least 1.
    pub samples: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
}

impl Statistics {
    /// Of one sample.
    pub fn of(sample: f64) -> Self {
        Self { samples: 1.0, sum: sample, minimum: sample, maximum: sample }
    }

    /// Takes one more sample in.
    pub fn add(&mut self, sample: f64) {
        self.samples += 1.0;
        self.sum += sample;
        self.minimum = self.minimum.min(sample);
        self.maximum = self.maximum.max(sample);
    }
}

/// One period of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDatum {
    /// Such as `ConcurrentViews`.
    pub name: &'static str,
    /// About what; `None`: about all.
    pub dimension: Option<Dimension>,
    /// When the period began, in seconds since 1970.
    pub at: i64,
    /// In what it is measured.
    pub unit: Unit,
    /// The period's samples.
    pub statistics: Statistics,
    /// Kept to the second (`StorageResolution` 1) instead of to the minute.
    pub to_the_second: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Wire<'a> {
    metric_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<[WireDimension<'a>; 1]>,
    timestamp: i64,
    unit: &'a str,
    statistic_values: WireStatistics,
    storage_resolution: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireDimension<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireStatistics {
    #[serde(serialize_with = "number")]
    sample_count: f64,
    #[serde(serialize_with = "number")]
    sum: f64,
    #[serde(serialize_with = "number")]
    minimum: f64,
    #[serde(serialize_with = "number")]
    maximum: f64,
}

/// What is no number becomes 0, so that it can't make the service refuse its 999 neighbours.
fn number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(if number.is_finite() { number.clamp(-LARGEST, LARGEST) } else { 0.0 })
}

impl<'a> Wire<'a> {
    fn of(datum: &'a MetricDatum) -> Self {
        let Statistics { samples, sum, minimum, maximum } = datum.statistics;
        let dimension = datum.dimension.as_ref();
        Self {
            metric_name: datum.name,
            dimensions: dimension.map(|of| [WireDimension { name: of.name, value: &of.value }]),
            timestamp: datum.at,
            unit: datum.unit.as_str(),
            statistic_values: WireStatistics { sample_count: samples, sum, minimum, maximum },
            storage_resolution: if datum.to_the_second { 1 } else { 60 },
        }
    }
}

/// As many of the first data as one call takes, at least one, and the text of that call.
pub(super) fn batch(namespace: &str, data: &[MetricDatum]) -> (usize, Vec<u8>) {
    let mut text = String::from("{\"Namespace\":");
    // Texts of this kind always become JSON, and writing to a String can't fail.
    let _ = write!(text, "{},\"MetricData\":[", serde_json::Value::from(namespace));
    let mut count = 0;
    for datum in data.iter().take(DATA) {
        let one = serde_json::to_string(&Wire::of(datum)).unwrap_or_default();
        if count > 0 && text.len() + one.len() + 3 > BYTES {
            break;
        }
        if count > 0 {
            text.push(',');
        }
        text.push_str(&one);
        count += 1;
    }
    text.push_str("]}");
    (count, text.into_bytes())
}

/// The text by gzip, where that pays.
pub(super) fn compressed(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() < WORTH_COMPRESSING {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text).ok()?;
    encoder.finish().ok().filter(|small| small.len() < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datum(sum: f64) -> MetricDatum {
        let dimension = Some(Dimension { name: "Channel", value: "AbCdEfGhIjKl".into() });
        let statistics = Statistics { samples: 5.0, sum, minimum: 1.0, maximum: 3.0 };
        MetricDatum {
            name: "IngestBitrate",
            dimension,
            at: 1_763_736_000,
            unit: Unit::BitsPerSecond,
            statistics,
            to_the_second: true,
        }
    }

    #[test]
    fn a_datum_is_written_as_the_model_has_it() {
        let (count, text) = batch("Rillcast/IVS", &[datum(10.5)]);
        assert_eq!(count, 1);
        let body: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let expected = serde_json::json!({"Namespace": "Rillcast/IVS", "MetricData": [{
            "MetricName": "IngestBitrate",
            "Dimensions": [{"Name": "Channel", "Value": "AbCdEfGhIjKl"}],
            "Timestamp": 1_763_736_000,
            "Unit": "Bits/Second",
            "StatisticValues": {"SampleCount": 5.0, "Sum": 10.5, "Minimum": 1.0, "Maximum": 3.0},
            "StorageResolution": 1
        }]});
        assert_eq!(body, expected);
    }

    #[test]
    fn a_body_has_a_thousand_data_at_most_and_a_megabyte() {
        let data = vec![datum(1.0); 2_500];
        let (count, text) = batch("a", &data);
        assert_eq!(count, 1_000);
        assert!(text.len() < BYTES);
        let long = Dimension { name: "Channel", value: "x".repeat(2_000).into() };
        let data = vec![MetricDatum { dimension: Some(long), ..datum(1.0) }; 1_000];
        let (count, text) = batch("a", &data);
        assert!((400..500).contains(&count), "{count}");
        assert!(text.len() <= BYTES && serde_json::from_slice::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn what_is_no_number_is_sent_as_zero() {
        for bad in [f64::NAN, f64::INFINITY] {
            let (_, text) = batch("a", &[datum(bad)]);
            let body: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
            assert_eq!(body["MetricData"][0]["StatisticValues"]["Sum"], 0.0);
        }
    }

    #[test]
    fn a_large_body_is_compressed_and_a_small_one_is_not() {
        let (_, small) = batch("a", &[datum(1.0)]);
        assert_eq!(compressed(&small), None);
        let (_, large) = batch("a", &vec![datum(1.0); 1_000]);
        let packed = compressed(&large).expect("it pays");
        assert!(packed.len() * 5 < large.len());
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut plain).expect("gzip");
        assert_eq!(plain, large);
    }

    #[test]
    fn samples_become_statistics() {
        let mut statistics = Statistics::of(2.0);
        statistics.add(5.0);
        statistics.add(-1.0);
        assert_eq!(statistics, Statistics { samples: 3.0, sum: 6.0, minimum: -1.0, maximum: 5.0 });
    }
}

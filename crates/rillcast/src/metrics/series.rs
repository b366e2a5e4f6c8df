//! Writing kinds of metrics and their series.
//!
//! Promise: what is written is one piece of an OpenMetrics text, every name and unit as the standard wants them.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit;

/// What is written about a kind of metric. A unit is added to the name, and `_total` to a counter's.
pub(super) struct About {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
}

impl About {
    /// Of things that are counted.
    pub(super) fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: None }
    }

    /// Of what is measured in a unit.
    pub(super) fn of(name: &'static str, help: &'static str, unit: Unit) -> Self {
        Self { name, help, unit: Some(unit) }
    }
}

const NO_EXEMPLAR: Option<&Exemplar<NoLabelSet, f64>> = None;

/// A gauge of one series.
pub(super) fn gauge<V: EncodeGaugeValue + Copy>(
    to: &mut DescriptorEncoder<'_>,
    about: &About,
    value: V,
) -> fmt::Result {
    to.encode_descriptor(about.name, about.help, about.unit.as_ref(), MetricType::Gauge)?.encode_gauge(&value)
}

/// A gauge with a series for each value of a label.
pub(super) fn gauges<'a, V: EncodeGaugeValue>(
    to: &mut DescriptorEncoder<'_>,
    about: &About,
    label: &'static str,
    series: impl IntoIterator<Item = (&'a str, V)>,
) -> fmt::Result {
    let mut metric = to.encode_descriptor(about.name, about.help, about.unit.as_ref(), MetricType::Gauge)?;
    for (name, value) in series {
        metric.encode_family(&[(label, name)])?.encode_gauge(&value)?;
    }
    Ok(())
}

/// A counter of one series.
pub(super) fn counter<V: EncodeCounterValue + Copy>(
    to: &mut DescriptorEncoder<'_>,
    about: &About,
    value: V,
) -> fmt::Result {
    to.encode_descriptor(about.name, about.help, about.unit.as_ref(), MetricType::Counter)?
        .encode_counter(&value, NO_EXEMPLAR)
}

/// A counter with a series for each value of a label.
pub(super) fn counters<'a, V: EncodeCounterValue>(
    to: &mut DescriptorEncoder<'_>,
    about: &About,
    label: &'static str,
    series: impl IntoIterator<Item = (&'a str, V)>,
) -> fmt::Result {
    let mut metric =
        to.encode_descriptor(about.name, about.help, about.unit.as_ref(), MetricType::Counter)?;
    for (name, value) in series {
        metric.encode_family(&[(label, name)])?.encode_counter(&value, NO_EXEMPLAR)?;
    }
    Ok(())
}

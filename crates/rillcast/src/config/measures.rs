//! Settings of metrics beyond their listener.
//!
//! Promise: nothing is sent anywhere unless it was switched on.

use super::{ConfigError, Values, base_url, number};

/// Who gets metrics, and of how many channels. Fields are documented in [`super::SETTINGS`].
#[derive(Clone, Debug)]
pub struct MeasureSettings {
    pub channels: usize,
    pub cloudwatch: bool,
    pub endpoint: Option<String>,
    pub namespace: String,
}

impl MeasureSettings {
    pub(super) fn from_values(values: &Values<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: values.needed("metrics_channels", |text| {
                let count = number(text, 0, 100_000)?;
                usize::try_from(count).map_err(|_| "at most 100000".to_owned())
            })?,
            cloudwatch: values.needed("cloudwatch_metrics", |text| match text {
                "on" => Ok(true),
                "off" => Ok(false),
                _ => Err("on or off".to_owned()),
            })?,
            endpoint: values.wanted("cloudwatch_endpoint", base_url)?,
            namespace: values.needed("cloudwatch_namespace", namespace)?,
        })
    }
}

/// What CloudWatch takes (API reference, `PutMetricData`: 1 to 255 of these, no colon first).
fn namespace(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
    let good = (1..=255).contains(&text.len()) && text.bytes().all(fits);
    good.then(|| text.to_owned()).ok_or_else(|| "1 to 255 letters, digits or . - _ / #".to_owned())
}

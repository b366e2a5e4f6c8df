//! Calls that the server makes to others: signed ones to AWS-compatible services, and webhooks.
//!
//! **Way in**: [`Outbound::signed`], [`Outbound::webhook`], [`log_sink`], [`metric_sink`]. **Way out**: one pooled HTTP client.
//!
//! Promise: every call ends by its deadline with an answer or an [`OutboundError`]; answers are read up to a
//! bound; secrets never show in `Debug` output, errors or logs.
//!
//! Refuses to know: what is asked, and what to do when the answer is no.

#![warn(missing_docs)]

mod client;
mod credentials;
mod error;
pub mod log_sink;
pub mod metric_sink;
mod signed;
mod webhook;

pub use client::{Answer, Config, Outbound, is_address};
pub use credentials::{Chain, Credentials, Keys};
pub use error::OutboundError;
pub use signed::Call;
pub use webhook::{Hook, Secret, SecretError};

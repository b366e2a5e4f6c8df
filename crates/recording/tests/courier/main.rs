//! What couriers bring into buckets, and what they do when these are away.
//!
//! Promise: real files, a real disk, a real S3 service.

mod faults;
mod house;
mod listing;
mod order;

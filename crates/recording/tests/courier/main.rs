//! What couriers bring into buckets, and what they do when these are away.

mod faults;
mod house;
mod listing;
mod order;

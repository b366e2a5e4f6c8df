//! Delivery as viewers meet it: requests in, responses out, over a shelf that a film fills.

mod counting;
mod crowding;
#[path = "../shared/followed.rs"]
mod followed;
mod growing;
mod house;
mod ladder;
mod rules;
mod serving;
mod stage;
mod thumbnails;
mod wire;

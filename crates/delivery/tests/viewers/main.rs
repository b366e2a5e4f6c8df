//! Delivery as viewers meet it: requests in, responses out, over a shelf that a film fills.

mod counting;
mod crowding;
mod growing;
mod rules;
mod serving;
mod stage;
mod wire;

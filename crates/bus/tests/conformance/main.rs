//! What holds for every bus, on each backend, and what only a bus with a broker can show.
//!
//! Promise: `every_bus` knows no backend; what it demands holds on one node and on three alike.

mod ear;
mod every_bus;
mod first_contact;
mod outages;
mod server;

//! What is counted (user guide, "Monitoring Amazon IVS Chat").
//!
//! Promise: each metric of the vendor's has one here, with its dimensions as labels.

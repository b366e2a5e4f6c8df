//! What tests need and the product must not have: synthetic media, a database server, an S3 service, an HTTP endpoint.
//!
//! Promise: the same [`Film`] gives the same bytes each time, and any H.264 and AAC decoder plays them; no
//! encoder, file, clock or random number is involved. A [`Postgres`] or an S3 service is gone when the
//! test process is, however that ends.

#![warn(missing_docs)]

mod answerer;
mod bits;
mod film;
mod picture;
mod postgres;
pub mod s3;
mod sound;

pub use answerer::{Answerer, Asked, Reply};
pub use film::Film;
pub use postgres::Postgres;

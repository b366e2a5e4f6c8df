//! The recorder between a real hub, a real packager, a database in memory and buckets on disk.

mod house;
mod life;
mod merging;
mod recovery;
mod trouble;

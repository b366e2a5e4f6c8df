//! Buckets, disks and databases that are away.

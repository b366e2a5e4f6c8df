//! Sessions with real films and the installed `ffmpeg`: what renditions have, whatever happens to their workers.
//!
//! Promise: a film goes on only as fast as its renditions follow, so nothing here depends on how fast the machine is;
//! no process is left.

mod changes;
mod ends;
mod house;
mod losses;
mod room;

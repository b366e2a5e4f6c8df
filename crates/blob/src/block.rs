//! What an object is put together from.
//!
//! Promise: however long a block in a file is, no more of it is in memory than was asked for; a file that ends
//! too early is an error, never a shorter object.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;

use bytes::Bytes;

/// Bytes of an object, where they are.
#[derive(Clone, Debug)]
pub enum Block {
    /// In memory.
    Bytes(Bytes),
    /// These of a file, which stay as they are meanwhile. More may be appended to it.
    File(PathBuf, Range<u64>),
}

impl Block {
    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, range) => range.end.saturating_sub(range.start),
        }
    }
}

/// How many bytes blocks have together.
pub(crate) fn length(blocks: &[Block]) -> u64 {
    blocks.iter().map(Block::length).sum()
}

/// Blocks that are read one piece after the other. Reading waits for the disk.
#[derive(Debug)]
pub(crate) struct Source {
    blocks: VecDeque<Block>,
}

impl Source {
    pub(crate) fn new(blocks: Vec<Block>) -> Self {
        Self { blocks: blocks.into() }
    }

    /// The next `most` bytes; fewer at the end.
    ///
    /// # Errors
    /// Of the file that could not be read, with its path.
    pub(crate) fn take(&mut self, most: u64) -> Result<Vec<Bytes>, (PathBuf, io::Error)> {
        let (mut taken, mut left) = (Vec::new(), most);
        while left > 0 {
            let Some(block) = self.blocks.front_mut() else { break };
            let piece = block.length().min(left);
            match block {
                Block::Bytes(bytes) => {
                    let piece = usize::try_from(piece).unwrap_or(usize::MAX).min(bytes.len());
                    taken.push(bytes.split_to(piece));
                }
                Block::File(path, range) => {
                    let read = read(path, range.start, piece).map_err(|source| (path.clone(), source))?;
                    taken.push(read.into());
                    range.start += piece;
                }
            }
            left -= piece;
            if block.length() == 0 {
                self.blocks.pop_front();
            }
        }
        Ok(taken)
    }
}

/// Writes blocks one after the other.
///
/// # Errors
/// [`BlockError::Read`] when a file of theirs could not be read, [`BlockError::Write`] when `to` refused.
pub(crate) fn copy(blocks: &[Block], to: &mut File) -> Result<(), BlockError> {
    for block in blocks {
        match block {
            Block::Bytes(bytes) => to.write_all(bytes).map_err(BlockError::Write)?,
            Block::File(path, range) => {
                let failed = |source| BlockError::Read(path.clone(), source);
                let mut from = File::open(path).map_err(failed)?;
                from.seek(SeekFrom::Start(range.start)).map_err(failed)?;
                // Within the kernel where both file systems can.
                let copied = io::copy(&mut from.take(block.length()), to).map_err(BlockError::Write)?;
                if copied != block.length() {
                    return Err(failed(io::ErrorKind::UnexpectedEof.into()));
                }
            }
        }
    }
    Ok(())
}

/// Which side of a copy failed.
#[derive(Debug)]
pub(crate) enum BlockError {
    Read(PathBuf, io::Error),
    Write(io::Error),
}

fn read(path: &PathBuf, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut read = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(length).read_to_end(&mut read)?;
    if read.len() as u64 == length { Ok(read) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

//! Objects that come from files: moved where one file system has both, copied otherwise.
//!
//! Promise: an object has its name only once its bytes are on the disk, and a folder that was made for it is in
//! its own folder by then; the file is gone only once the object is there.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::{create, own_name};
use crate::block::{self, Block, BlockError};
use crate::error::BlobError;

/// Moves the file at `from` to the object at `path`.
pub(super) fn put_file(path: &Path, from: &Path) -> Result<(), BlobError> {
    let failed = |source| BlobError::Write { path: path.to_owned(), source };
    let unreadable = |source| BlobError::Read { path: from.to_owned(), source };
    let file = match File::open(from) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return if path.is_file() { Ok(()) } else { Err(BlobError::Gone { path: from.to_owned() }) };
        }
        opened => opened.map_err(unreadable)?,
    };
    let folder = path.parent().unwrap_or(path);
    make_folder(folder)?;
    file.sync_all().map_err(unreadable)?;
    match fs::rename(from, path) {
        Ok(()) => sync(folder).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let length = file.metadata().map_err(unreadable)?.len();
            put_blocks(path, &[Block::File(from.to_owned(), 0..length)])?;
            fs::remove_file(from).map_err(|source| BlobError::Remove { path: from.to_owned(), source })
        }
        Err(source) => Err(failed(source)),
    }
}

/// Under another name first, so that the key never names half an object; a crash leaves at most a file
/// that no key can name.
pub(super) fn put_blocks(path: &Path, blocks: &[Block]) -> Result<(), BlobError> {
    let failed = |source| BlobError::Write { path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(path);
    make_folder(folder)?;
    let draft = folder.join(own_name("draft"));
    let result = write(&draft, blocks).map_err(|error| match error {
        BlockError::Read(path, source) => BlobError::Read { path, source },
        BlockError::Write(source) => failed(source),
    });
    let result = result
        .and_then(|()| fs::rename(&draft, path).map_err(failed))
        .and_then(|()| sync(folder).map_err(failed));
    if result.is_err() {
        // The error that is told is the one above.
        drop(fs::remove_file(&draft));
    }
    result
}

fn write(draft: &Path, blocks: &[Block]) -> Result<(), BlockError> {
    let mut file = create(draft).map_err(BlockError::Write)?;
    block::copy(blocks, &mut file)?;
    file.sync_all().map_err(BlockError::Write)
}

/// Makes the folder and those above it that are missing, for its owner alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), BlobError> {
    let failed = |source| BlobError::Folder { path: folder.to_owned(), source };
    let missing = missing(folder);
    if missing.is_empty() && folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let above = missing.iter().filter_map(|made| made.parent());
    above
        .map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above })
        .try_for_each(sync)
        .map_err(failed)
}

/// The folders that are not there, the lowest first.
fn missing(folder: &Path) -> Vec<PathBuf> {
    let named = folder.ancestors().filter(|above| !above.as_os_str().is_empty());
    named.take_while(|above| !above.exists()).map(Path::to_owned).collect()
}

/// A name in a folder survives a power cut only once the folder itself is on the disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

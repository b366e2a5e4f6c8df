//! Thumbnails: numbered without a hole, each a whole JPEG of the size that is told.
//!
//! Promise: one picture at a time in memory.

use super::Check;
use crate::Error;
use crate::layout;
use crate::manifest::{Manifest, Pictures};

/// The largest thumbnail that is read.
const LARGEST: u64 = 64 << 20;

pub(super) async fn look(check: &mut Check<'_>, manifest: &Manifest) -> Result<(), Error> {
    if let Some(told) = &manifest.media.thumbnails {
        numbered(check, told).await?;
    }
    if let Some(told) = &manifest.media.latest_thumbnail {
        if check.objects.contains_key(&told.path) {
            picture(check, &told.path, told).await?;
        } else if !check.report.is_going_on {
            check.report.note(&told.path, "was never made");
        }
    }
    Ok(())
}

async fn numbered(check: &mut Check<'_>, told: &Pictures) -> Result<(), Error> {
    let ours = |key: &String| {
        let number = key.strip_prefix(&told.path)?.strip_prefix("/thumb")?.strip_suffix(".jpg")?;
        number.parse::<u64>().ok().filter(|number| layout::thumbnail(*number) == *key)
    };
    let mut numbers: Vec<u64> = check.objects.keys().filter_map(ours).collect();
    numbers.sort_unstable();
    if numbers.is_empty() && !check.report.is_going_on {
        check.report.note(&told.path, "is empty: no thumbnail was made");
    }
    let mut expected = 0;
    for number in numbers {
        if number != expected {
            let words = format!("lacks thumb{expected}.jpg to thumb{}.jpg", number - 1);
            check.report.fault(&told.path, words);
        }
        expected = number + 1;
        check.report.thumbnails += 1;
        picture(check, &layout::thumbnail(number), told).await?;
    }
    Ok(())
}

async fn picture(check: &mut Check<'_>, key: &str, told: &Pictures) -> Result<(), Error> {
    let Some(jpeg) = check.fetch(key, LARGEST).await? else { return Ok(()) };
    let expected = (told.resolution_width, told.resolution_height);
    match size(&jpeg) {
        None => check.report.fault(key, "is no whole JPEG"),
        Some(size) if size != expected => {
            let words = format!("has {}x{} pixels, not {}x{}", size.0, size.1, expected.0, expected.1);
            check.report.fault(key, words);
        }
        Some(_) => {}
    }
    Ok(())
}

/// Pixels across and down, by its frame header (ITU-T T.81, B.2.2); `None` where it does not begin or end as a JPEG.
fn size(jpeg: &[u8]) -> Option<(u32, u32)> {
    let mut rest = jpeg.strip_prefix(&[0xff, 0xd8])?.strip_suffix(&[0xff, 0xd9])?;
    loop {
        let (&[begin, kind, high, low], after) = rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([high, low])).checked_sub(2)?;
        let is_frame = matches!(kind, 0xc0..=0xcf) && !matches!(kind, 0xc4 | 0xc8 | 0xcc);
        if begin != 0xff || kind == 0xda {
            return None;
        }
        if is_frame {
            let (&[_, high, low, wide, narrow], _) = after.split_first_chunk::<5>()?;
            let pixels = |high, low| u32::from(u16::from_be_bytes([high, low]));
            return Some((pixels(wide, narrow), pixels(high, low)));
        }
        rest = after.get(length..)?;
    }
}

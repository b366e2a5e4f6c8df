// A recording's thumbnail in a list.
// Promise: it is fetched when it comes into sight; where there is none, nothing is broken.
import { useEffect, useState } from "preact/hooks";
import { here, passFor, type Row } from "./recording-wire";

/** Where objects of a recording are for whoever may watch it, or for everybody. */
export async function baseOf(row: Row, mayWatch: boolean): Promise<string | undefined> {
  if (mayWatch) return here((await passFor(row)).baseUrl);
  return row.storage === "disk" && !row.private ? `/recordings/${row.bucket}/${row.prefix}` : undefined;
}

export function Picture({ row, mayWatch }: { row: Row; mayWatch: boolean }) {
  const [src, setSrc] = useState<string>();
  useEffect(() => {
    let wanted = true;
    const { thumbnail } = row;
    if (!thumbnail) return;
    const needsPass = row.private || row.storage === "s3";
    baseOf(row, mayWatch && needsPass).then(
      (base) => wanted && base && setSrc(`${base}/${thumbnail}`),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [row.id, mayWatch]);
  return (
    <span class="still">
      {src && <img src={src} alt="" loading="lazy" onError={() => setSrc(undefined)} />}
    </span>
  );
}

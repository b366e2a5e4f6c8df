// A live channel's newest thumbnail, fetched again while somebody looks.
// Promise: the old picture stays until the new one is there; private channels are shown by a pass that the server
// makes, asked for again before it ends; a hidden tab fetches nothing.
import { useEffect, useState } from "preact/hooks";
import { here, type WatchPass, watchPass } from "./channel-wire";

const EVERY_MS = 5_000;
/** Before a pass ends, in milliseconds. */
const AHEAD = 30_000;

const passes = new Map<string, WatchPass>();

async function passOf(arn: string): Promise<WatchPass> {
  const held = passes.get(arn);
  if (held && (held.expiresAt === undefined || held.expiresAt - AHEAD > Date.now())) return held;
  const fresh = await watchPass(arn);
  passes.set(arn, fresh);
  return fresh;
}

/** Fetches a picture before it is shown. */
const fetched = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const picture = new Image();
    picture.onload = () => resolve(url);
    picture.onerror = () => reject(new Error("no picture"));
    picture.src = url;
  });

export function MovingPicture({ arn, name, off }: { arn: string; name: string; off: boolean }) {
  const [shown, setShown] = useState<string>();
  useEffect(() => {
    if (off) return;
    let wanted = true;
    let timer: number | undefined;
    const round = async () => {
      try {
        if (!document.hidden) {
          const url = new URL(here((await passOf(arn)).thumbnailUrl), location.href);
          url.searchParams.set("at", String(Date.now()));
          const ready = await fetched(url.href);
          if (wanted) setShown(ready);
        }
      } catch {
        // There may be none yet, or none any more: what was shown stays, and it is tried again.
      }
      if (wanted) timer = window.setTimeout(() => void round(), EVERY_MS);
    };
    void round();
    return () => {
      wanted = false;
      window.clearTimeout(timer);
    };
  }, [arn, off]);
  return (
    <>
      <span>No picture yet</span>
      {shown && !off && <img src={shown} alt={`What ${name} shows now`} />}
    </>
  );
}

// Lines of a log, one under the other, the newest last.
// Promise: only those in sight are in the page; while it follows, the newest is in sight; who scrolls up holds it.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Line } from "../wire/logs";

/** Pixels of a line: each is cut to one row, and can be opened. */
const ROW = 26;
const SPARE = 20;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const timeOf = (time: number) => `${clock.format(time)}.${String(time % 1_000).padStart(3, "0")}`;

/** Names and values behind the message. */
export const fieldsOf = (line: Line): string =>
  Object.entries(line.fields ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

interface Props {
  of: readonly Line[];
  isFollowing: boolean;
  opened: number | undefined;
  onOpen: (line: Line) => void;
  onScrollUp: () => void;
}

export function Lines({ of, isFollowing, opened, onOpen, onScrollUp }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [[from, to], setSight] = useState<[number, number]>([0, 60]);
  const last = useRef(0);
  const look = () => {
    const here = box.current;
    if (!here) return;
    const first = Math.max(0, Math.floor(here.scrollTop / ROW) - SPARE);
    const end = first + Math.ceil(here.clientHeight / ROW) + 2 * SPARE;
    setSight((sight) => (sight[0] === first && sight[1] === end ? sight : [first, end]));
    // Only a person scrolls up; the page itself goes down.
    const isUp = here.scrollTop < last.current - 2 && here.scrollTop + here.clientHeight < here.scrollHeight - ROW;
    last.current = here.scrollTop;
    if (isUp && isFollowing) onScrollUp();
  };
  useLayoutEffect(() => {
    const here = box.current;
    if (here && isFollowing) {
      here.scrollTop = here.scrollHeight;
      last.current = here.scrollTop;
      look();
    }
  }, [of, isFollowing]);
  useEffect(() => {
    const watch = new ResizeObserver(look);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const end = Math.min(to, of.length);
  const start = Math.min(from, Math.max(0, of.length - 1));
  return (
    <div class="log" ref={box} onScroll={look} tabIndex={0} role="region" aria-label="Lines of the log">
      <div style={{ height: `${start * ROW}px` }} />
      {of.slice(start, end).map((line) => (
        <button key={line.id} type="button" class={`log-line ${line.level.toLowerCase()}`} aria-expanded={line.id === opened} onClick={() => onOpen(line)}>
          <span class="log-time">{timeOf(line.time)}</span>
          <span class="log-level">{line.level}</span>
          <span class="log-target">{line.target}</span>
          <span class="log-message">
            {line.message} <span class="faint">{fieldsOf(line)}</span>
          </span>
        </button>
      ))}
      <div style={{ height: `${Math.max(0, of.length - end) * ROW}px` }} />
    </div>
  );
}

// The list of what was said: only what is in sight is in the page, the newest is followed until somebody scrolls up.
// Promise: whoever reads an old message is not pulled away from it; a screen reader is told what is new.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Entry, nameOf } from "./hall";

/** Before it was measured. */
const GUESS_PX = 44;
const SPARE_PX = 600;
/** So near to the end, the end is meant. */
const NEAR_PX = 40;

interface Props {
  entries: readonly Entry[];
  label: string;
  /** The user whose messages are one's own. */
  own?: string;
  /** What may be done with a message. */
  acts?: (entry: Entry & { kind: "message" }) => ComponentChildren;
  empty: ComponentChildren;
}

export function List({ entries, label, own, acts, empty }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<string, number>());
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const [isAtEnd, setAtEnd] = useState(true);
  const [, measure] = useState(0);

  const heightOf = ({ id }: Entry) => heights.current.get(id) ?? GUESS_PX;
  const total = entries.reduce((sum, entry) => sum + heightOf(entry), 0);
  const top = isAtEnd ? Math.max(0, total - scroll.height) : scroll.top;
  let [above, first] = [0, 0];
  for (let entry = entries[first]; entry && above + heightOf(entry) < top - SPARE_PX; entry = entries[first]) {
    above += heightOf(entry);
    first += 1;
  }
  let [seen, last] = [above, first];
  for (let entry = entries[last]; entry && seen < top + scroll.height + SPARE_PX; entry = entries[last]) {
    seen += heightOf(entry);
    last += 1;
  }

  const look = () => {
    const here = box.current;
    if (!here) return;
    setScroll({ top: here.scrollTop, height: here.clientHeight });
    setAtEnd(here.scrollHeight - here.scrollTop - here.clientHeight < NEAR_PX);
  };
  useEffect(() => {
    const here = box.current;
    if (!here) return;
    const watch = new ResizeObserver(() => {
      heights.current.clear();
      setScroll((scroll) => ({ ...scroll, height: here.clientHeight }));
    });
    watch.observe(here);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    const here = box.current;
    if (!here) return;
    let changed = false;
    for (const row of here.querySelectorAll<HTMLElement>("[data-id]")) {
      const [id, height] = [row.dataset["id"] ?? "", row.offsetHeight];
      if (heights.current.get(id) === height) continue;
      heights.current.set(id, height);
      changed = true;
    }
    if (heights.current.size > entries.length + 1_000) {
      const here = new Set(entries.map(({ id }) => id));
      for (const id of [...heights.current.keys()]) if (!here.has(id)) heights.current.delete(id);
    }
    if (isAtEnd) here.scrollTop = here.scrollHeight;
    if (changed) measure((turn) => turn + 1);
  });

  return (
    <div class="talk">
      <div class="talk-list" ref={box} onScroll={look} role="log" aria-label={label} aria-live={isAtEnd ? "polite" : "off"} tabIndex={0}>
        {entries.length === 0 && <p class="talk-empty">{empty}</p>}
        <div aria-hidden="true" style={{ height: `${above}px` }} />
        {entries.slice(first, last).map((entry) => (
          <Row key={entry.id} entry={entry} isOwn={entry.kind === "message" && entry.userId === own} acts={acts} />
        ))}
        <div aria-hidden="true" style={{ height: `${Math.max(0, total - seen)}px` }} />
      </div>
      {!isAtEnd && (
        <button type="button" class="talk-end" onClick={() => setAtEnd(true)}>
          Newest messages ↓
        </button>
      )}
    </div>
  );
}

function Row({ entry, isOwn, acts }: { entry: Entry; isOwn: boolean; acts: Props["acts"] }) {
  if (entry.kind === "note") {
    return (
      <p class="talk-note" data-id={entry.id}>
        {entry.text}
      </p>
    );
  }
  return (
    <div class={isOwn ? "talk-row own" : "talk-row"} data-id={entry.id} data-user={entry.userId}>
      <p>
        <time dateTime={new Date(entry.at).toISOString()}>{clock(entry.at)}</time>{" "}
        <b class="talk-name" style={{ "--hue": String(hueOf(entry.userId)) }} title={entry.userId}>
          {nameOf(entry)}
        </b>
        {entry.sender["role"] && <span class="talk-role">{entry.sender["role"]}</span>}{" "}
        <span class="talk-text">{entry.content}</span>
      </p>
      {acts && <span class="talk-acts">{acts(entry)}</span>}
    </div>
  );
}

const clock = (at: number): string =>
  Number.isFinite(at) ? new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }) : "";

/** The same colour for the same user, whoever looks. */
function hueOf(user: string): number {
  let sum = 7;
  for (const char of user) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 3_600;
  return sum % 360;
}

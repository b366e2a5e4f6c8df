// The server's log as it grows.
// Promise: it can be held still, filtered and copied; however long it is, the page has the lines in sight alone.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Badge, Button, Card, Empty, Facts, Field, Head, Notice, Paste } from "../ui/kit";
import { asFailure } from "../ui/load";
import type { Failure } from "../wire/call";
import { LEVELS, type Level, type Line, tail } from "../wire/logs";
import { fieldsOf, Lines } from "./logs-lines";

/** Lines that the page keeps; the server keeps 2,000. */
const MOST = 10_000;

/** What is known of the log. */
interface Known {
  lines: readonly Line[];
  missed: boolean;
}

const NOTHING: Known = { lines: [], missed: false };

/** Follows the log while `isFollowing`; what came meanwhile comes when it goes on. */
function useLog(isFollowing: boolean) {
  const [known, setKnown] = useState<Known>(NOTHING);
  const [trouble, setTrouble] = useState<Failure>();
  const [failure, setFailure] = useState<Failure>();
  const newest = useRef<Known>(NOTHING);
  const following = useRef(isFollowing);
  following.current = isFollowing;
  useEffect(() => {
    if (isFollowing) setKnown(newest.current);
  }, [isFollowing]);
  useEffect(() => {
    const stop = new AbortController();
    const run = async () => {
      for await (const { lines, missed } of tail(stop.signal, setTrouble)) {
        const before = newest.current;
        newest.current = { lines: [...before.lines, ...lines].slice(-MOST), missed: before.missed || missed };
        if (following.current) setKnown(newest.current);
      }
    };
    run().catch((error: unknown) => stop.signal.aborted || setFailure(asFailure(error)));
    return () => stop.abort();
  }, []);
  const clear = () => {
    newest.current = NOTHING;
    setKnown(NOTHING);
  };
  return { known, trouble, failure, clear };
}

/** What a search looks at: what is to be seen of a line, in small letters. */
const searched = (line: Line): string => `${line.target} ${line.message} ${fieldsOf(line)}`.toLowerCase();

/** As a line of text, for the clipboard. */
export function asText({ time, level, target, message, fields }: Line): string {
  const more = Object.entries(fields ?? {}).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${new Date(time).toISOString()} ${level} ${target}: ${message}${more.join("")}`;
}

const KINDS: Record<string, "bad" | "warn" | "note"> = { ERROR: "bad", WARN: "warn" };

/** All of one line. */
function Opened({ line, onClose }: { line: Line; onClose: () => void }) {
  return (
    <Card
      title="Line"
      acts={
        <Button small onPress={onClose}>
          Close
        </Button>
      }
    >
      <p class="log-words">{line.message}</p>
      <Facts
        of={[
          ["Time", new Date(line.time).toISOString()],
          ["Level", <Badge kind={KINDS[line.level] ?? "note"}>{line.level}</Badge>],
          ["Target", <code>{line.target}</code>],
          ...Object.entries(line.fields ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
        ]}
      />
      <Paste label="the line as JSON" text={JSON.stringify(line)} />
    </Card>
  );
}

export default function Logs(_: { names: Record<string, string> }) {
  const [isFollowing, setFollowing] = useState(true);
  const [level, setLevel] = useState<Level>("trace");
  const [search, setSearch] = useState("");
  const [opened, setOpened] = useState<Line>();
  const [copied, setCopied] = useState(false);
  const { known, trouble, failure, clear } = useLog(isFollowing);
  const shown = useMemo(() => {
    const [gravest, words] = [LEVELS.indexOf(level), search.trim().toLowerCase()];
    return known.lines.filter(
      (line) => LEVELS.indexOf(line.level.toLowerCase() as Level) <= gravest && (!words || searched(line).includes(words)),
    );
  }, [known, level, search]);
  const copy = async () => {
    const text = shown.map(asText).join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS browsers keep the clipboard from pages; the old way still works.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  if (failure) {
    return (
      <div class="stack">
        <Head title="Server log" />
        <Notice failure={failure} />
      </div>
    );
  }
  return (
    <div class="stack">
      <Head title="Server log" said={isFollowing ? <Badge kind="good">Following</Badge> : <Badge kind="warn">Held</Badge>}>
        <Button onPress={copy} disabled={shown.length === 0}>
          {copied ? "Copied" : "Copy lines"}
        </Button>
        <Button onPress={clear}>Clear</Button>
        <Button kind="main" onPress={() => setFollowing(!isFollowing)}>
          {isFollowing ? "Hold" : "Go on"}
        </Button>
      </Head>
      <div class="log-filter">
        <Field label="Text" help={undefined}>
          <input type="search" value={search} placeholder="A word, a target, a channel's id…" onInput={(event) => setSearch(event.currentTarget.value)} />
        </Field>
        <Field label="Level">
          <select value={level} onChange={(event) => setLevel(event.currentTarget.value as Level)}>
            <option value="error">Errors</option>
            <option value="warn">Warnings and errors</option>
            <option value="info">Information and up</option>
            <option value="debug">Debugging and up</option>
            <option value="trace">All</option>
          </select>
        </Field>
        <p class="faint" role="status">
          {shown.length === known.lines.length ? `${shown.length} lines` : `${shown.length} of ${known.lines.length} lines`}
        </p>
      </div>
      {trouble && <Notice kind="warn">{trouble.message} Trying again…</Notice>}
      {known.missed && <Notice kind="note">Some lines came faster than they could be fetched and are not here.</Notice>}
      {opened && <Opened line={opened} onClose={() => setOpened(undefined)} />}
      {shown.length ? (
        <Lines of={shown} isFollowing={isFollowing} opened={opened?.id} onOpen={setOpened} onScrollUp={() => setFollowing(false)} />
      ) : (
        <Empty>
          <p>{known.lines.length ? "No line fits the filter." : "Nothing has been logged since you look."}</p>
        </Empty>
      )}
    </div>
  );
}

// What the server finds when it looks itself over: each look as it ends, and what to do about what is not well.
// Promise: nothing is looked at before somebody asks; what was found stays until the next time somebody does.
import { useEffect, useRef, useState } from "preact/hooks";
import { Badge, Button, Card, Empty, Head, Notice } from "../ui/kit";
import { asFailure } from "../ui/load";
import type { Failure } from "../wire/call";
import { examine, type Finding, type Outcome } from "../wire/doctor";
import { useMay } from "../wire/may";

const GROUPS: [group: string, title: string][] = [
  ["listeners", "Listeners"],
  ["tls", "TLS"],
  ["data", "Data and disk"],
  ["services", "Services"],
  ["destinations", "Destinations"],
  ["machine", "Machine"],
  ["transcoding", "Transcoding"],
];

const WORDS: Record<Outcome, [word: string, kind: "good" | "warn" | "bad" | "note"]> = {
  ok: ["OK", "good"],
  warn: ["Worth a look", "warn"],
  fail: ["Does not work", "bad"],
  skip: ["Skipped", "note"],
};

/** An examination, as far as it has come. */
interface Seen {
  findings: Finding[];
  done: number;
  total: number;
  at: Date;
  isOver: boolean;
}

/** The last one of this tab: who comes back to the page sees it again. */
let kept: Seen | undefined;

function useExamination() {
  const [seen, setSeen] = useState<Seen | undefined>(kept?.isOver ? kept : undefined);
  const [failure, setFailure] = useState<Failure>();
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const begin = async (transcoding: boolean) => {
    const own = new AbortController();
    stop.current = own;
    setFailure(undefined);
    let now: Seen = { findings: [], done: 0, total: 1, at: new Date(), isOver: false };
    const show = (more: Partial<Seen>) => {
      now = { ...now, ...more };
      kept = now;
      setSeen(now);
    };
    show({});
    try {
      for await (const told of examine(transcoding, own.signal)) {
        if (told.kind === "begun") show({ total: told.total });
        else if (told.kind === "done") show({ isOver: true });
        else show({ findings: [...now.findings, told], done: told.done });
      }
    } catch (error) {
      if (own.signal.aborted) return;
      setFailure(asFailure(error));
      show({ isOver: true });
    }
  };
  return { seen, failure, begin };
}

/** What it comes down to. */
function Verdict({ seen }: { seen: Seen }) {
  const count = (outcome: Outcome) => seen.findings.filter((finding) => finding.outcome === outcome).length;
  const [fails, warns] = [count("fail"), count("warn")];
  const at = seen.at.toLocaleTimeString();
  const more = warns ? ` ${warns === 1 ? "One thing is" : `${warns} things are`} worth a look.` : "";
  if (fails) {
    return (
      <Notice kind="bad">
        {fails === 1 ? "One thing does not work." : `${fails} things do not work.`}
        {more} Looked at {at}.
      </Notice>
    );
  }
  return (
    <Notice kind={warns ? "warn" : "good"}>
      Everything that is configured works.{more} Looked at {at}.
    </Notice>
  );
}

function Found({ finding }: { finding: Finding }) {
  const [word, kind] = WORDS[finding.outcome];
  return (
    <li>
      <Badge kind={kind}>{word}</Badge>
      <div>
        <p>
          <code>{finding.check}</code> {finding.found}
        </p>
        {finding.advice && <p class="todo">{finding.advice}</p>}
      </div>
    </li>
  );
}

/** The gravest first. */
const GRAVITY: Outcome[] = ["fail", "warn", "ok", "skip"];

/** Of a group: failures before what is worth a look, and that before all else. */
const gravityOf = (found: Finding[]) => Math.min(2, ...found.map(({ outcome }) => GRAVITY.indexOf(outcome)));

/** While looks end, groups stay where they are; then those with trouble come first. */
function Findings({ of, isOver }: { of: Finding[]; isOver: boolean }) {
  const groups = GROUPS.map(([group, title]) => {
    const found = of.filter((finding) => finding.group === group);
    found.sort(
      (one, other) =>
        GRAVITY.indexOf(one.outcome) - GRAVITY.indexOf(other.outcome) || one.check.localeCompare(other.check),
    );
    return { title, found };
  });
  if (isOver) groups.sort((one, other) => gravityOf(one.found) - gravityOf(other.found));
  return (
    <>
      {groups
        .filter(({ found }) => found.length)
        .map(({ title, found }) => (
          <Card key={title} title={title}>
            <ul class="doctor-findings">
              {found.map((finding) => (
                <Found key={finding.check} finding={finding} />
              ))}
            </ul>
          </Card>
        ))}
    </>
  );
}

export default function Doctor(_: { names: Record<string, string> }) {
  const may = useMay("rillcast:RunDoctor");
  const { seen, failure, begin } = useExamination();
  const isRunning = Boolean(seen && !seen.isOver);
  return (
    <div class="stack">
      <Head title="Doctor" said="What of all that is configured works, and what to do about the rest">
        {may && (
          <>
            <Button disabled={isRunning} onPress={() => begin(true)} title="Codes a short film with each encoder: the processors are busy for some seconds">
              Examine and measure encoders
            </Button>
            <Button kind="main" disabled={isRunning} onPress={() => begin(false)}>
              Examine
            </Button>
          </>
        )}
      </Head>
      <Notice failure={failure} />
      {isRunning && seen && (
        <div class="row" role="status">
          <span>
            {seen.done} of {seen.total} looks done…
          </span>
          <progress max={seen.total} value={seen.done} aria-label="Looks that are done" />
        </div>
      )}
      {seen?.isOver && !failure && <Verdict seen={seen} />}
      {seen && <Findings of={seen.findings} isOver={seen.isOver} />}
      {!seen && (
        <Empty>
          <p>
            {may
              ? "Listeners, certificate, disk, clock, database, buckets, event sinks and limits are looked at in seconds; nothing is changed."
              : "Your key may not examine the server: it needs rillcast:RunDoctor."}
          </p>
          <p class="faint">
            On the server's machine <code>rillcast doctor</code> does the same, also before the first start.
          </p>
        </Empty>
      )}
    </div>
  );
}

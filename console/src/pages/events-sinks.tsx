// Where events are delivered, and what was not taken there.
// Promise: a dead letter is shown with its reason and its event before anybody sends it again.
import { useState } from "preact/hooks";
import { Badge, Button, Card, type Column, Dialog, Empty, Facts, Notice, Table, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { moment } from "../ui/words";
import { desk, every } from "../wire/call";
import { useMay } from "../wire/may";

interface Sink {
  name: string;
  /** Nothing: it is no longer configured. */
  kind: string | null;
  waiting: number;
  deadLetters: number;
}

interface DeadLetter {
  id: string;
  time: string;
  attempts: number;
  failedAt: string;
  reason: string;
  event: Record<string, unknown>;
}

/** The server counts no further. */
const COUNTED = 1_000;
const count = (number: number): string => (number >= COUNTED ? `${COUNTED.toLocaleString()} or more` : number.toLocaleString());

export function Sinks() {
  const { value, failure, again } = useLoad((signal) => desk<{ eventSinks: Sink[] }>("GET", "event-sinks", { signal }), [], 5_000);
  const mayLetters = useMay("rillcast:ListDeadLetters");
  const [opened, setOpened] = useState<string>();
  if (!value) return failure ? <Notice failure={failure} /> : <Waiting />;
  const sinks = value.eventSinks;
  const sink = sinks.find(({ name }) => name === opened);
  return (
    <>
      <Notice failure={failure} />
      {sinks.length === 0 && (
        <Empty>
          <p>No sinks are configured: events are kept and can be read here, but delivered nowhere.</p>
          <p>
            Name one in the server’s configuration; <a href="/docs/guide/events.html">the guide</a> says how.
          </p>
        </Empty>
      )}
      {sinks.length > 0 && <Table name="Event sinks" columns={sinkColumns(mayLetters ? setOpened : undefined)} rows={sinks} idOf={({ name }) => name} label={({ name }) => name} />}
      {sink && <Letters key={sink.name} of={sink} onChange={again} />}
    </>
  );
}

function stateOf({ kind, waiting, deadLetters }: Sink) {
  if (!kind) return <Badge>Not configured</Badge>;
  if (deadLetters > 0) return <Badge kind="bad">Dead letters</Badge>;
  return waiting > 0 ? <Badge kind="warn">Delivering</Badge> : <Badge kind="good">Up to date</Badge>;
}

const sinkColumns = (open: ((name: string) => void) | undefined): Column<Sink>[] => [
  { title: "Name", kind: "wide", width: 8, cell: ({ name }) => name },
  { title: "State", width: 9, cell: stateOf },
  { title: "Kind", kind: "aside", width: 8, cell: ({ kind }) => kind ?? "–" },
  { title: "Waiting", kind: "num", cell: ({ waiting }) => count(waiting) },
  {
    title: "Dead letters",
    kind: "num",
    width: 9,
    cell: ({ name, deadLetters }) =>
      open && deadLetters > 0 ? (
        <button type="button" class="button small" aria-label={`Dead letters of ${name}`} onClick={() => open(name)}>
          {count(deadLetters)}
        </button>
      ) : (
        count(deadLetters)
      ),
  },
];

const pathOf = (sink: string) => `event-sinks/${encodeURIComponent(sink)}`;

const letters = (sink: string, signal: AbortSignal): Promise<DeadLetter[]> =>
  every(async (nextToken) => {
    const page = await desk<{ deadLetters: DeadLetter[]; nextToken?: string }>("GET", `${pathOf(sink)}/dead-letters`, { query: { maxResults: 100, nextToken }, signal });
    return { items: page.deadLetters, ...(page.nextToken ? { nextToken: page.nextToken } : {}) };
  });

function Letters({ of: sink, onChange }: { of: Sink; onChange: () => void }) {
  const mayRedeliver = useMay("rillcast:RedeliverEvents");
  const { value, failure, again } = useLoad((signal) => letters(sink.name, signal), [sink.name, sink.deadLetters]);
  const [opened, setOpened] = useState<DeadLetter>();
  const [done, setDone] = useState<string>();
  const send = async (what: { id: string } | { all: true }) => {
    const { due } = await desk<{ due: number }>("POST", `${pathOf(sink.name)}/redeliver`, { body: what });
    setDone(due === 1 ? "One event is sent again." : `${due.toLocaleString()} events are sent again.`);
    setOpened(undefined);
    again();
    onChange();
  };
  return (
    <Card
      title={`Dead letters of ${sink.name}`}
      acts={
        mayRedeliver &&
        value &&
        value.length > 0 && (
          <Button small onPress={() => send({ all: true })}>
            Redeliver all
          </Button>
        )
      }
    >
      <Notice failure={failure} />
      <Notice kind="good">{done}</Notice>
      {!value && !failure && <Waiting />}
      {value && <Table name={`Dead letters of ${sink.name}`} columns={letterColumns(setOpened)} rows={value} idOf={({ id }) => id} none="None: the sink has taken everything." />}
      {opened && (
        <Dialog title="Dead letter" onClose={() => setOpened(undefined)}>
          <div class="stack">
            <Notice>{opened.reason}</Notice>
            <Facts
              tight
              of={[
                ["Happened", moment(opened.time)],
                ["Given up", moment(opened.failedAt)],
                ["Attempts", String(opened.attempts)],
              ]}
            />
            <pre tabIndex={0} aria-label="The event as JSON">
              {JSON.stringify(opened.event, null, 2)}
            </pre>
          </div>
          <div class="acts">
            {mayRedeliver && (
              <Button kind="main" onPress={() => send({ id: opened.id })}>
                Redeliver
              </Button>
            )}
          </div>
        </Dialog>
      )}
    </Card>
  );
}

const letterColumns = (open: (letter: DeadLetter) => void): Column<DeadLetter>[] => [
  { title: "Given up", kind: "aside", width: 13, sort: ({ failedAt }) => failedAt, cell: ({ failedAt }) => moment(failedAt) },
  {
    title: "Event",
    width: 12,
    cell: (letter) => (
      <button type="button" class="button quiet small" onClick={() => open(letter)}>
        {String((letter.event["detail"] as Record<string, unknown> | undefined)?.["event_name"] ?? letter.event["detail-type"] ?? letter.id)}
      </button>
    ),
  },
  { title: "Reason", kind: "wide", cell: ({ reason }) => reason },
  { title: "Attempts", kind: "num", sort: ({ attempts }) => attempts, cell: ({ attempts }) => String(attempts) },
];

// Events as they come: newest first, filtered, held still while somebody reads.
// Promise: ten thousand of them stay at hand and only those in sight are in the page.
import { useMemo, useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { Badge, Button, type Column, Dialog, Facts, Field, Form, Notice, Table } from "../ui/kit";
import { href } from "../ui/route";
import { idOf, moment, NONE } from "../ui/words";
import { type Fed, type Happening, useEvents } from "../wire/feed";

const MOST = 10_000;

/** What happened, in as few words as the event has. */
export function whatHappened({ event }: Happening): string {
  const { event_name: name, recording_status: recording, limit_name: limit } = event.detail as Record<string, string | undefined>;
  return name ?? recording ?? limit ?? event["detail-type"].replace(/^IVS /, "");
}

/** Of today only the time. */
function when(text: string): string {
  const at = new Date(text);
  const time = at.toLocaleTimeString(undefined, { timeStyle: "medium" });
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${at.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${time}`;
}

const channelOf = ({ event }: Happening): string => event.resources.find((arn) => arn.includes(":channel/")) ?? "";
const nameOf = (happening: Happening): string => String(happening.event.detail["channel_name"] ?? "") || idOf(channelOf(happening));

export function EventFeed() {
  const [pattern, setPattern] = useState("");
  const [text, setText] = useState("");
  const [isPatterning, setPatterning] = useState(false);
  const fed = useEvents(undefined, { recent: MOST, most: MOST, ...(pattern ? { pattern } : {}) });
  const [held, setHeld] = useState<readonly Happening[]>();
  const [opened, setOpened] = useState<Happening>();
  const events = held ?? fed.events;
  const found = useMemo(() => filtered(events, text), [events, text]);
  const missed = held ? countNew(fed.events, held) : 0;
  return (
    <>
      <div class="row">
        <div class="search">
          <Icon name="search" />
          <input type="search" aria-label="Filter by channel, event or type" placeholder="Filter by channel, event or type" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </div>
        <div class="acts">
          <button type="button" class="button small" aria-pressed={Boolean(held)} onClick={() => setHeld(held ? undefined : fed.events)}>
            {held ? "Go on" : "Pause"}
          </button>
          <button type="button" class="button small" aria-pressed={Boolean(pattern)} onClick={() => setPatterning(true)}>
            Pattern…
          </button>
        </div>
        <State of={fed} held={Boolean(held)} missed={missed} />
        <span class="faint" role="status">
          {found.length === events.length ? `${events.length.toLocaleString()} events` : `${found.length.toLocaleString()} of ${events.length.toLocaleString()}`}
        </span>
      </div>
      <Notice failure={fed.state === "over" || fed.state === "waiting" ? fed.failure : undefined} />
      <Table name="Events" columns={columns(setOpened)} rows={found} idOf={({ place }) => String(place)} none={fed.state === "joining" ? "Loading…" : "Nothing yet. Events come here when somebody streams, records or is refused."} />
      {opened && <Opened of={opened} onClose={() => setOpened(undefined)} />}
      {isPatterning && (
        <PatternDialog
          pattern={pattern}
          onClose={() => setPatterning(false)}
          onPattern={(pattern) => {
            setPattern(pattern);
            setHeld(undefined);
            setPatterning(false);
          }}
        />
      )}
    </>
  );
}

function State({ of: { state }, held, missed }: { of: Fed; held: boolean; missed: number }) {
  if (held) return <Badge kind="warn">Paused{missed > 0 && `, ${missed.toLocaleString()} new`}</Badge>;
  if (state === "live") return <Badge kind="good">Listening</Badge>;
  return <Badge>{state === "over" ? "Ended" : state === "joining" ? "Joining…" : "Connecting again…"}</Badge>;
}

/** How many came since `held` was. */
function countNew(events: readonly Happening[], held: readonly Happening[]): number {
  const last = held[0]?.place ?? -1;
  const at = events.findIndex(({ place }) => place <= last);
  return at < 0 ? events.length : at;
}

function filtered(events: readonly Happening[], text: string): readonly Happening[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return events;
  const has = (happening: Happening) =>
    [whatHappened(happening), nameOf(happening), happening.event["detail-type"], ...happening.event.resources].some((said) => said.toLowerCase().includes(wanted));
  return events.filter(has);
}

const columns = (open: (happening: Happening) => void): Column<Happening>[] => [
  { title: "Time", width: 8.5, cell: ({ event }) => <time dateTime={event.time} title={moment(event.time)}>{when(event.time)}</time> },
  {
    title: "Event",
    kind: "wide",
    width: 12,
    cell: (happening) => (
      <button type="button" class="button quiet small" onClick={() => open(happening)}>
        {whatHappened(happening)}
      </button>
    ),
  },
  {
    title: "Channel",
    width: 12,
    cell: (happening) => (channelOf(happening) ? <a href={href(`/channels/${idOf(channelOf(happening))}`)}>{nameOf(happening)}</a> : NONE),
  },
  { title: "Type", kind: "aside", width: 16, cell: ({ event }) => event["detail-type"] },
];

function Opened({ of: happening, onClose }: { of: Happening; onClose: () => void }) {
  const { event } = happening;
  return (
    <Dialog title={whatHappened(happening)} onClose={onClose}>
      <div class="stack">
        <Facts
          of={[
            ["Time", moment(event.time)],
            ["Type", event["detail-type"]],
            ["Event id", <code>{event.id}</code>],
          ]}
        />
        <pre tabIndex={0} aria-label="The event as JSON">
          {JSON.stringify(event, null, 2)}
        </pre>
      </div>
      <div class="acts">
        <Button onPress={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

const EXAMPLE = JSON.stringify({ detail: { event_name: ["Stream Start", "Stream End"] } }, null, 2);

function notJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function PatternDialog({ pattern, onPattern, onClose }: { pattern: string; onPattern: (pattern: string) => void; onClose: () => void }) {
  const [text, setText] = useState(pattern || EXAMPLE);
  const fault = notJson(text);
  return (
    <Dialog title="Only events like this" onClose={onClose}>
      <Form label="Only events like this">
        <Field label="Event pattern" name="pattern" fault={fault} help="As EventBridge's rules have it; the server sends only events that match">
          <textarea rows={8} spellcheck={false} value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </Field>
        <div class="acts">
          {pattern && <Button onPress={() => onPattern("")}>Show all</Button>}
          <Button kind="main" type="submit" disabled={Boolean(fault)} onPress={() => onPattern(text)}>
            Show these
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

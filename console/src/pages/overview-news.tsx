// What happened lately, as the events tell it.
// Promise: newest first, a handful; the rest is on the page of events.
import { Card } from "../ui/kit";
import { href } from "../ui/route";
import { idOf } from "../ui/words";
import { type Happening, useEvents } from "../wire/feed";
import { useMay } from "../wire/may";

const SHOWN = 12;

export function News() {
  return useMay("rillcast:ReadEvents") ? <NewsCard /> : null;
}

function NewsCard() {
  const { events, state } = useEvents(undefined, { recent: SHOWN, most: SHOWN });
  return (
    <Card title="Recent events" acts={<a href={href("/events")}>All events</a>}>
      {events.length === 0 && <p class="faint">{state === "joining" ? "Loading…" : "Nothing happened lately."}</p>}
      <ol class="news">
        {events.slice(0, SHOWN).map((happening) => (
          <Line key={happening.place} of={happening} />
        ))}
      </ol>
    </Card>
  );
}

function Line({ of: { event } }: { of: Happening }) {
  const arn = event.resources[0] ?? "";
  const { event_name: name, channel_name: channel, recording_status: recording, limit_name: limit } = event.detail as Record<string, string | undefined>;
  const what = name ?? recording ?? limit ?? event["detail-type"].replace(/^IVS /, "");
  const id = idOf(arn);
  return (
    <li>
      <time dateTime={event.time} title={new Date(event.time).toLocaleString()}>
        {new Date(event.time).toLocaleTimeString(undefined, { timeStyle: "medium" })}
      </time>
      <p>
        {what}
        {arn.includes(":channel/") && (
          <>
            {" · "}
            <a href={href(`/channels/${id}`)}>{channel || id}</a>
          </>
        )}
      </p>
    </li>
  );
}

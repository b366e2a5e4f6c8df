// What happened in a stream session, in order: when, what, and what it means.
// Promise: all that is told is text; a press leads to the moment in the charts.
import { kindOf, type StreamEvent, timeOf, wordsOf } from "./happenings";
import { Badge } from "./kit";
import { moment, span } from "./words";

/** Newest first, as the API tells them. `onPick`: show what was measured around a moment. */
export function Timeline({ events, from, onPick }: { events: readonly StreamEvent[]; from?: number; onPick?: (at: number) => void }) {
  if (!events.length) return <p class="faint">Nothing has happened yet.</p>;
  return (
    <ol class="timeline" tabIndex={0} aria-label="Events, the newest first">
      {events.map((event, at) => (
        <li key={`${event.eventTime} ${event.name} ${at}`} class={kindOf(event)}>
          <time dateTime={new Date(timeOf(event)).toISOString()} title={moment(event.eventTime)}>
            {clock(timeOf(event))}
            {from !== undefined && <small> {offset(timeOf(event) - from)}</small>}
          </time>
          <div>
            <Badge kind={kindOf(event)}>{event.name}</Badge> <span>{wordsOf(event)}</span>
          </div>
          {onPick && (
            <button
              type="button"
              class="button small quiet"
              aria-label={`Show the charts around ${event.name} at ${clock(timeOf(event))}`}
              onClick={() => onPick(timeOf(event))}
            >
              Show
            </button>
          )}
        </li>
      ))}
    </ol>
  );
}

const clock = (at: number) => new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** After the beginning; what is before it is the beginning. */
const offset = (milliseconds: number) => (milliseconds > 0 ? `+${span(milliseconds / 1000)}` : "");

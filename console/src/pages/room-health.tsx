// How a room fares: who is here, how much is said and refused, what the review handler does.
// Promise: rates are counted from what the server counts, while this page is open; nothing is guessed for the time
// before.
import { useEffect, useState } from "preact/hooks";
import { Chart, type Point } from "../ui/chart";
import { Badge, Card, Facts, Notice } from "../ui/kit";
import type { Loaded } from "../ui/load";
import { moment, NONE } from "../ui/words";
import { LoggedTo } from "./room-logging";
import type { Review, Room, Stats } from "./room-wire";

/** Samples that are kept: ten minutes and more of them. */
const KEPT = 600;

export interface Sample {
  at: number;
  room: NonNullable<Stats["room"]>;
}

type Count = "messages" | "denied" | "tooFast" | "refused" | "allowed";

/** A second's worth of a count between each two samples; unknown where counting began anew. */
const rates = (samples: readonly Sample[], of: Count): Point[] =>
  samples.slice(1).map(({ at, room }, place): Point => {
    const before = samples[place];
    const isOne = before && before.room.since === room.since && at > before.at;
    return [at, isOne ? (Math.max(0, room[of] - before.room[of]) * 1_000) / (at - before.at) : null];
  });

/** What was told since the page is open. */
export function useSamples(value: Stats | undefined): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    const room = value?.room;
    if (room) setSamples((samples) => [...samples.slice(1 - KEPT), { at: Date.now(), room }]);
  }, [value]);
  return samples;
}

export function Health({ room, now, samples }: { room: Room; now: Loaded<Stats | undefined>; samples: readonly Sample[] }) {
  const { value } = now;
  if (now.failure && !value) return <Notice failure={now.failure} />;
  const here = value?.room;
  return (
    <div class="grid">
      <Card title="Now" wide>
        {here ? (
          <Facts
            of={[
              ["Connections", here.connections],
              ["Users", here.users],
              ["Messages", here.messages],
              ["Events", here.events],
              ["Deletions", here.deletions],
              ["Kicks", here.disconnections],
              ["Joins", here.joins],
              ["Too fast (429)", here.tooFast],
              ["Denied in review (406)", here.denied],
              ["Refused otherwise", here.refused],
              ["Remembered for who joins", here.remembered],
              ["Counted since", moment(here.since)],
            ]}
          />
        ) : (
          <p class="faint">Nobody was in this room on this server lately.</p>
        )}
        <small>As counted by this server{value ? ` (${value.node})` : ""}; with several servers each counts its own connections.</small>
      </Card>
      <Card wide>
        <Chart
          name="Messages a second"
          series={[
            { label: "Delivered to the room", unit: "/s", points: rates(samples, "messages") },
            { label: "Denied in review", unit: "/s", points: rates(samples, "denied") },
            { label: "Too fast", unit: "/s", points: rates(samples, "tooFast") },
            { label: "Refused otherwise", unit: "/s", points: rates(samples, "refused") },
          ]}
          atLeast={1}
          sync="room"
          none="Counting begins when this page is opened."
        />
      </Card>
      <Card wide>
        <Chart
          name="Connections"
          series={[
            { label: "Connections", unit: "", points: samples.map(({ at, room }): Point => [at, room.connections]) },
            { label: "Users", unit: "", points: samples.map(({ at, room }): Point => [at, room.users]) },
          ]}
          atLeast={4}
          sync="room"
          none="Counting begins when this page is opened."
        />
      </Card>
      <ReviewCard room={room} review={value?.review ?? undefined} />
      <LoggedTo arns={room.loggingConfigurationIdentifiers ?? []} />
    </div>
  );
}

const took = (milliseconds: number | null) => (milliseconds === null ? NONE : `${milliseconds} ms`);

function ReviewCard({ room, review }: { room: Room; review: Review | undefined }) {
  const handler = room.messageReviewHandler;
  if (!handler?.uri) {
    return (
      <Card title="Message review">
        <p class="faint">Messages are not reviewed. A handler is named in the settings.</p>
      </Card>
    );
  }
  return (
    <Card title="Message review" acts={review && <ReviewState of={review} />}>
      <p>
        <code>{handler.uri}</code>
      </p>
      {review && !review.configured && (
        <Notice kind="warn">
          This server does not know where to ask this handler, so every message takes the fallback ({handler.fallbackResult}). Add a target for its ARN to
          the server's review targets.
        </Notice>
      )}
      {review?.resting && <Notice kind="warn">It failed too often in a row and is tried again in a while; until then the fallback ({handler.fallbackResult}) decides.</Notice>}
      {review && (
        <Facts
          of={[
            ["Without an answer", handler.fallbackResult ?? "ALLOW"],
            ["Newest answer took", took(review.lastTook)],
            ["Answers took, on average", took(review.meanTook)],
            ["Allowed", review.allowed],
            ["Denied", review.denied],
            ["No answer", review.failed],
            ["Invalid answers", review.invalid],
            ["Waiting for it", review.waiting],
          ]}
        />
      )}
      {review?.lastFailure && (
        <p>
          Last failure {moment(review.lastFailure.at)}: {review.lastFailure.text}
        </p>
      )}
    </Card>
  );
}

function ReviewState({ of: { configured, resting, allowed, denied, failed } }: { of: Review }) {
  if (!configured) return <Badge kind="bad">Not configured</Badge>;
  if (resting) return <Badge kind="bad">Resting</Badge>;
  if (allowed + denied > 0) return <Badge kind="good">Answering</Badge>;
  return failed > 0 ? <Badge kind="warn">Failing</Badge> : <Badge>Not asked yet</Badge>;
}

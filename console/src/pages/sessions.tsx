// The sessions of a channel, newest first: when, how long, whether something went wrong.
// Promise: what is live is seen to end; older ones come when they are asked for.
import { useState } from "preact/hooks";
import { Badge, Button, type Column, Empty, Notice, Table, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { href } from "../ui/route";
import { idOf, NONE, span } from "../ui/words";
import { ivs } from "../wire/call";

interface Summary {
  streamId: string;
  startTime: string;
  endTime?: string;
  hasErrorEvent: boolean;
}

interface Page {
  streamSessions: Summary[];
  nextToken?: string;
}

const page = (channelArn: string, nextToken?: string, signal?: AbortSignal) =>
  ivs<Page>("ListStreamSessions", { channelArn, maxResults: 100, ...(nextToken ? { nextToken } : {}) }, signal);

/** `channel`: its ARN. */
export function Sessions({ channel }: { channel: string }) {
  const [older, setOlder] = useState<{ rows: Summary[]; nextToken: string | undefined }>();
  const { value, failure } = useLoad((signal) => page(channel, undefined, signal), [channel], 10_000);
  if (!value) return failure ? <Notice failure={failure} /> : <Waiting />;
  if (!value.streamSessions.length) return <Empty>Nothing was streamed to this channel yet.</Empty>;
  // Newer ones push others off the first page; those are among the older ones or were there before.
  const rows = [...new Map([...value.streamSessions, ...(older?.rows ?? [])].map((row) => [row.streamId, row])).values()];
  const next = older ? older.nextToken : value.nextToken;
  const more = async () => {
    const got = await page(channel, next);
    setOlder({ rows: [...(older?.rows ?? value.streamSessions), ...got.streamSessions], nextToken: got.nextToken });
  };
  return (
    <div class="stack">
      <Notice failure={failure} />
      <Table columns={columns(channel)} rows={rows} name="Stream sessions" idOf={(row) => row.streamId} label={(row) => row.streamId} />
      {next && (
        <div class="acts">
          <Button onPress={more}>Show older sessions</Button>
        </div>
      )}
    </div>
  );
}

const columns = (channel: string): Column<Summary>[] => [
  {
    title: "Started",
    kind: "wide",
    width: 13,
    cell: (row) => <a href={href(`/channels/${idOf(channel)}/sessions/${row.streamId}`)}>{brief(row.startTime)}</a>,
    sort: (row) => new Date(row.startTime).getTime(),
  },
  { title: "State", width: 6, cell: (row) => (row.endTime ? "Ended" : <Badge kind="live">LIVE</Badge>) },
  { title: "Length", kind: "num", width: 6, cell: (row) => span(lengthOf(row)), sort: lengthOf },
  { title: "Ended", kind: "aside", width: 13, cell: (row) => (row.endTime ? brief(row.endTime) : NONE) },
  { title: "Errors", width: 6, cell: (row) => (row.hasErrorEvent ? <Badge kind="bad">Errors</Badge> : NONE) },
  { title: "Stream ID", kind: "aside", width: 17, cell: (row) => <code>{row.streamId}</code> },
];

/** A moment without its seconds, in this browser's zone. */
const brief = (at: string) => new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Seconds. */
const lengthOf = ({ startTime, endTime }: Summary): number =>
  ((endTime ? new Date(endTime).getTime() : Date.now()) - new Date(startTime).getTime()) / 1000;

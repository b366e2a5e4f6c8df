// Recordings, the newest first: of all channels or one, of a stream, in a state, of a time.
// Promise: rows come page by page; only those in sight are in the page.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Choice } from "../ui/choice";
import { Badge, Button, type Column, Empty, Notice, Table } from "../ui/kit";
import { Icon } from "../ui/icons";
import { useLoad } from "../ui/load";
import { href } from "../ui/route";
import { bytes, idOf, moment, NONE, span } from "../ui/words";
import { useMay } from "../wire/may";
import { Picture } from "./recording-picture";
import { listRecordings, type Row } from "./recording-wire";

const EVERY_MS = 10_000;

type Shown = "all" | "now" | "ended" | "failed";

const SHOWN: readonly [Shown, string][] = [
  ["all", "All"],
  ["now", "Recording now"],
  ["ended", "Ended"],
  ["failed", "Failed"],
];

const DAYS: readonly [string, string][] = [
  ["", "Any time"],
  ["1", "Last 24 hours"],
  ["7", "Last 7 days"],
  ["30", "Last 30 days"],
];

const STATES: Record<Row["state"], Shown> = {
  RECORDING_STARTED: "now",
  RECORDING_ENDED: "ended",
  RECORDING_ENDED_WITH_FAILURE: "failed",
};

export function StateOf({ row }: { row: Row }) {
  if (row.state === "RECORDING_STARTED") return row.endedAt ? <Badge kind="note">Being written</Badge> : <Badge kind="live">Recording</Badge>;
  return row.state === "RECORDING_ENDED" ? <Badge kind="good">Ended</Badge> : <Badge kind="bad">Failed</Badge>;
}

/** How long it plays; while it goes on, how long that has been. */
export const lengthOf = (row: Row): number =>
  row.durationMs ? row.durationMs / 1_000 : (Date.parse(row.endedAt ?? new Date().toISOString()) - Date.parse(row.startedAt)) / 1_000;

export const addressOf = (row: Row): string => href(`/recordings/${row.id}?channel=${encodeURIComponent(row.channelArn)}`);

export function RecordingList({ channel, stream }: { channel: string | undefined; stream: string | undefined }) {
  const newest = useLoad((signal) => listRecordings({ arn: channel, stream }, undefined, signal), [channel, stream], EVERY_MS);
  const [older, setOlder] = useState<{ rows: Row[]; next: string | undefined }>();
  const [text, setText] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  const [days, setDays] = useState("");
  const mayWatch = useMay("rillcast:WatchRecording", channel);
  useEffect(() => setOlder(undefined), [channel, stream]);

  const rows = useMemo(() => {
    const all = new Map<string, Row>();
    for (const row of [...(newest.value?.recordings ?? []), ...(older?.rows ?? [])]) if (!all.has(row.id)) all.set(row.id, row);
    return [...all.values()];
  }, [newest.value, older]);
  const wanted = text.trim().toLowerCase();
  const since = days ? Date.now() - Number(days) * 86_400_000 : 0;
  const found = rows.filter(
    (row) =>
      (shown === "all" || STATES[row.state] === shown) &&
      Date.parse(row.startedAt) >= since &&
      (!wanted || [row.channelName, row.channelArn, row.id].some((one) => one.toLowerCase().includes(wanted))),
  );
  const next = older ? older.next : newest.value?.nextToken;
  const more = async () => {
    const page = await listRecordings({ arn: channel, stream }, next);
    setOlder({ rows: [...(older?.rows ?? []), ...page.recordings], next: page.nextToken });
  };
  const columns = useMemo(() => columnsOf(mayWatch), [mayWatch]);
  if (newest.failure && !newest.value) return <Notice failure={newest.failure} />;
  if (!newest.value) return <p role="status">Loading…</p>;
  if (rows.length === 0) {
    return (
      <Empty>
        {stream ? "This stream was not recorded." : "Nothing was recorded yet. Create a recording configuration, choose it in a channel's settings, and send a stream to the channel."}
      </Empty>
    );
  }
  return (
    <>
      <div class="row">
        <div class="search">
          <Icon name="search" />
          <input type="search" aria-label="Filter by channel or id" placeholder="Filter by channel or id" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </div>
        <select class="when" aria-label="Time" value={days} onChange={({ currentTarget }) => setDays(currentTarget.value)}>
          {DAYS.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
        <Choice name="Show" of={SHOWN} at={shown} onPick={setShown} />
        <span class="faint" role="status">
          {found.length === rows.length ? "" : `${found.length} of ${rows.length}`}
        </span>
      </div>
      <Table name="Recordings" columns={columns} rows={found} idOf={({ id }) => id} none="No recording fits." />
      {next && <Button onPress={more}>Show older ones</Button>}
    </>
  );
}

const columnsOf = (mayWatch: boolean): Column<Row>[] => [
  { title: "Picture", width: 6, cell: (row) => <Picture key={row.id} row={row} mayWatch={mayWatch} /> },
  { title: "Channel", kind: "wide", width: 10, sort: (row) => row.channelName || row.channelArn, cell: (row) => <a href={addressOf(row)}>{row.channelName || idOf(row.channelArn)}</a> },
  { title: "Began", width: 13.5, sort: (row) => row.startedAt, cell: (row) => moment(row.startedAt) },
  { title: "Length", kind: "num", width: 5.5, sort: lengthOf, cell: (row) => span(lengthOf(row)) },
  { title: "State", width: 7.5, sort: (row) => row.state, cell: (row) => <span title={row.reason}><StateOf row={row} /></span> },
  { title: "Size", kind: "num", width: 6, sort: (row) => row.bytes, cell: (row) => (row.bytes ? bytes(row.bytes) : NONE) },
  { title: "Where", kind: "aside", width: 9, sort: (row) => row.bucket, cell: (row) => <span title={row.prefix}>{row.storage === "s3" ? "S3: " : ""}{row.bucket}</span> },
  { title: "Id", kind: "aside", width: 9, cell: (row) => <code>{row.id}</code> },
];

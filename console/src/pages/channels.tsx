// Channels: all of the account's, with what is on air on each.
// Promise: thousands of them can be filtered, sorted and scrolled; a key that may not create is offered no button.
import { useMemo, useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { Choice } from "../ui/choice";
import { Badge, Button, type Column, Dialog, Empty, Head, Notice, Table, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { go, href } from "../ui/route";
import { idOf, NONE, span } from "../ui/words";
import { useMay } from "../wire/may";
import { ChannelForm } from "./channel-form";
import type { Stream } from "./channel-wire";
import { type Listed, streams, useChannels } from "./channels-list";

const LIVE_MS = 5_000;

/** A channel and what is on air on it. */
interface Row {
  channel: Listed;
  id: string;
  stream: Stream | undefined;
}

const SHOWN = [
  ["all", "All"],
  ["live", "Live"],
  ["private", "Private"],
  ["recorded", "Recorded"],
] as const;
type Shown = (typeof SHOWN)[number][0];

export default function Channels(_: { names: Record<string, string> }) {
  const { channels, isComing, failure } = useChannels();
  const mayStreams = useMay("ivs:ListStreams");
  const mayCreate = useMay("ivs:CreateChannel");
  const live = useLoad(async (signal) => (mayStreams ? streams(signal) : undefined), [mayStreams], LIVE_MS);
  const [text, setText] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  const [isMaking, setMaking] = useState(false);

  const rows = useMemo(
    () => channels.map((channel): Row => ({ channel, id: idOf(channel.arn), stream: live.value?.get(channel.arn) })),
    [channels, live.value],
  );
  const found = useMemo(() => rows.filter((row) => fits(row, text, shown)), [rows, text, shown]);
  const create = mayCreate && (
    <Button kind="main" onPress={() => setMaking(true)}>
      <Icon name="plus" /> Create channel
    </Button>
  );
  return (
    <>
      <Head title="Channels" said={count(channels.length, isComing, live.value?.size)}>
        {create}
      </Head>
      <Notice failure={failure ?? live.failure} />
      {channels.length === 0 && isComing && <Waiting />}
      {channels.length === 0 && !isComing && !failure && (
        <Empty>
          <p>There are no channels yet. A channel has an address for an encoder to send to, and one for viewers to watch at.</p>
          {create}
        </Empty>
      )}
      {channels.length > 0 && (
        <>
          <div class="row">
            <div class="search">
              <Icon name="search" />
              <input type="search" aria-label="Filter by name or id" placeholder="Filter by name or id" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
            </div>
            <Choice name="Show" of={SHOWN} at={shown} onPick={setShown} />
            <span class="faint" role="status">
              {found.length === rows.length ? "" : `${found.length} of ${rows.length}`}
            </span>
          </div>
          <Table name="Channels" columns={COLUMNS} rows={found} idOf={({ channel }) => channel.arn} none="No channel fits." />
        </>
      )}
      {isMaking && (
        <Dialog title="Create channel" onClose={() => setMaking(false)}>
          <ChannelForm onDone={({ arn }) => go(`/channels/${encodeURIComponent(idOf(arn))}?tab=ingest`)} onCancel={() => setMaking(false)} />
        </Dialog>
      )}
    </>
  );
}

function count(channels: number, isComing: boolean, live: number | undefined): string {
  if (channels === 0) return "";
  return `${channels}${isComing ? " and more" : ""}${live === undefined ? "" : `, ${live} live`}`;
}

function fits({ channel, id, stream }: Row, text: string, shown: Shown): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted && !channel.name.toLowerCase().includes(wanted) && !id.toLowerCase().includes(wanted)) return false;
  if (shown === "live") return stream !== undefined;
  if (shown === "private") return channel.authorized;
  return shown === "all" || Boolean(channel.recordingConfigurationArn);
}

const TYPES = { BASIC: "Basic", STANDARD: "Standard", ADVANCED_SD: "Advanced SD", ADVANCED_HD: "Advanced HD" } as const;

const COLUMNS: Column<Row>[] = [
  {
    title: "Name",
    kind: "wide",
    width: 9,
    sort: ({ channel, id }) => channel.name || id,
    cell: ({ channel, id }) => <a href={href(`/channels/${id}`)}>{channel.name || id}</a>,
  },
  { title: "State", width: 6.5, sort: ({ stream }) => (stream ? 0 : 1), cell: ({ stream }) => <State stream={stream} /> },
  { title: "Viewers", kind: "num", width: 5.8, sort: ({ stream }) => stream?.viewerCount ?? -1, cell: ({ stream }) => (stream ? String(stream.viewerCount) : NONE) },
  { title: "On air", kind: "aside", width: 6, cell: ({ stream }) => (stream ? span((Date.now() - Date.parse(stream.startTime)) / 1_000) : NONE) },
  { title: "Type", kind: "aside", width: 7.5, sort: ({ channel }) => channel.type, cell: ({ channel }) => TYPES[channel.type] },
  { title: "Latency", kind: "aside", width: 5.8, sort: ({ channel }) => channel.latencyMode, cell: ({ channel }) => (channel.latencyMode === "LOW" ? "Low" : "Normal") },
  { title: "Access", kind: "aside", width: 6.5, sort: ({ channel }) => access(channel), cell: ({ channel }) => access(channel) },
  { title: "Recording", kind: "aside", width: 6.8, sort: ({ channel }) => (channel.recordingConfigurationArn ? 0 : 1), cell: ({ channel }) => (channel.recordingConfigurationArn ? "On" : NONE) },
  { title: "Id", kind: "aside", width: 9, sort: ({ id }) => id, cell: ({ id }) => <code>{id}</code> },
];

const access = ({ authorized, playbackRestrictionPolicyArn }: Listed): string =>
  authorized ? "Private" : playbackRestrictionPolicyArn ? "Restricted" : "Public";

function State({ stream }: { stream: Stream | undefined }) {
  if (!stream) return <span class="faint">Offline</span>;
  return stream.health === "STARVING" ? <Badge kind="warn">Starving</Badge> : <Badge kind="live">Live</Badge>;
}

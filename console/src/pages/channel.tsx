// One channel: what is on air, where to send to, how it fares, who may watch, what it is set to.
// Promise: each part has an address of its own and asks only for what it shows; a key that may not see one part sees
// the others.
import { useState } from "preact/hooks";
import { Badge, Dialog, Field, Head, Button, Notice, Tabs, Waiting } from "../ui/kit";
import { type Loaded, useLoad } from "../ui/load";
import { go, href } from "../ui/route";
import { useArn } from "../wire/arn";
import { ivs } from "../wire/call";
import { useMay } from "../wire/may";
import { Access } from "./channel-access";
import { Ingest } from "./channel-ingest";
import { Metadata } from "./channel-metadata";
import { Settings } from "./channel-settings";
import { Watch } from "./channel-watch";
import { type Channel, nameOf, type Stream, streamOf } from "./channel-wire";
import { ChannelHealth } from "./health";
import { Sessions } from "./sessions";

/** What each part is given. */
export interface Part {
  channel: Channel;
  /** What is on air: `null` is nothing; `undefined` is not known. */
  stream: Stream | null | undefined;
  /** Something was changed. */
  again: () => void;
}

const STREAM_MS = 3_000;
const CHANNEL_MS = 30_000;

const TABS = [
  ["watch", "Watch"],
  ["ingest", "Ingest"],
  ["health", "Health"],
  ["sessions", "Sessions"],
  ["metadata", "Metadata"],
  ["access", "Access"],
  ["settings", "Settings"],
] as const;

type Tab = (typeof TABS)[number][0];

const tabHere = (): Tab => {
  const named = new URLSearchParams(location.search).get("tab");
  return TABS.find(([tab]) => tab === named)?.[0] ?? "watch";
};

export default function ChannelPage({ names }: { names: Record<string, string> }) {
  const id = names["channel"] ?? "";
  const arn = useArn("channel", id);
  if (!arn) return <Waiting />;
  return <Known key={arn} arn={arn} id={id} />;
}

function Known({ arn, id }: { arn: string; id: string }) {
  const channel = useLoad(async (signal) => (await ivs<{ channel: Channel }>("GetChannel", { arn }, signal)).channel, [arn], CHANNEL_MS);
  const maySeeStream = useMay("ivs:GetStream", arn);
  const stream = useLoad(async (signal) => (maySeeStream ? streamOf(arn, signal) : undefined), [arn, maySeeStream], STREAM_MS);
  const tab = tabHere();
  if (!channel.value) {
    return (
      <>
        <Head title={id} back={[href("/channels"), "Channels"]} />
        {channel.failure ? <Notice failure={channel.failure} /> : <Waiting />}
      </>
    );
  }
  const part: Part = {
    channel: channel.value,
    stream: stream.value,
    again: () => {
      channel.again();
      stream.again();
    },
  };
  return (
    <>
      <Head title={nameOf(channel.value)} back={[href("/channels"), "Channels"]} said={<Said {...part} />}>
        <StopStream {...part} />
        <DeleteChannel {...part} />
      </Head>
      <Trouble of={[channel, stream]} />
      <Tabs of={TABS} at={tab} onPick={(tab) => go(`/channels/${id}?tab=${tab}`)} />
      <div role="tabpanel" aria-label={TABS.find(([name]) => name === tab)?.[1]} class="stack">
        <Shown tab={tab} {...part} />
      </div>
    </>
  );
}

function Shown({ tab, ...part }: Part & { tab: Tab }) {
  switch (tab) {
    case "watch":
      return <Watch {...part} />;
    case "ingest":
      return <Ingest {...part} />;
    case "health":
      return <ChannelHealth channel={part.channel.arn} />;
    case "sessions":
      return <Sessions channel={part.channel.arn} />;
    case "metadata":
      return <Metadata {...part} />;
    case "access":
      return <Access {...part} />;
    case "settings":
      return <Settings {...part} />;
  }
}

function Said({ channel, stream }: Part) {
  return (
    <>
      {stream ? <Badge kind="live">LIVE</Badge> : stream === null ? <Badge>Offline</Badge> : null} {stream?.health === "STARVING" && <Badge kind="warn">STARVING</Badge>}{" "}
      {channel.authorized && <Badge>Private</Badge>}
    </>
  );
}

/** What was asked for again without success; what is shown is of before. */
function Trouble({ of }: { of: Loaded<unknown>[] }) {
  const failure = of.map(({ failure }) => failure).find(Boolean);
  return <Notice failure={failure} />;
}

function StopStream({ channel, stream, again }: Part) {
  const may = useMay("ivs:StopStream", channel.arn);
  const [asks, setAsks] = useState(false);
  if (!may || !stream) return null;
  const stop = async () => {
    await ivs("StopStream", { channelArn: channel.arn });
    setAsks(false);
    again();
  };
  return (
    <>
      <Button kind="danger" onPress={() => setAsks(true)}>
        Stop stream
      </Button>
      {asks && (
        <Dialog title="Stop stream" onClose={() => setAsks(false)}>
          <p>
            The encoder is disconnected and viewers see the stream end. Most encoders connect again by themselves: to keep one
            out, reset the stream key too.
          </p>
          <div class="acts">
            <Button onPress={() => setAsks(false)}>Cancel</Button>
            <Button kind="danger" onPress={stop}>
              Stop now
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Deletes after its name (or id) was typed. */
function DeleteChannel({ channel, stream }: Part) {
  const may = useMay("ivs:DeleteChannel", channel.arn);
  const [asks, setAsks] = useState(false);
  const [typed, setTyped] = useState("");
  if (!may) return null;
  const name = nameOf(channel);
  const remove = async () => {
    await ivs("DeleteChannel", { arn: channel.arn });
    go("/channels");
  };
  return (
    <>
      <Button kind="danger" disabled={Boolean(stream)} title={stream ? "Stop the stream first: a live channel can't be deleted." : undefined} onPress={() => setAsks(true)}>
        Delete
      </Button>
      {asks && (
        <Dialog title={`Delete ${name}`} onClose={() => setAsks(false)}>
          <p>The channel and its stream keys go for good, and its playback URL with them. Recordings stay in their bucket.</p>
          <Field label={`Type ${name} to delete it`}>
            <input value={typed} autoComplete="off" spellcheck={false} onInput={({ currentTarget: { value } }) => setTyped(value)} />
          </Field>
          <div class="acts">
            <Button onPress={() => setAsks(false)}>Cancel</Button>
            <Button kind="danger" disabled={typed !== name} onPress={remove}>
              Delete channel
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

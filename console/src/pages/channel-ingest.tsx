// Where encoders send a channel's stream to, ready to paste, and its stream keys.
// Promise: a stream key is fetched only when somebody asks to see it, and is forgotten when the part is left.
import { useState } from "preact/hooks";
import { Button, Card, Destroy, Empty, Facts, Notice, Paste, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { idOf } from "../ui/words";
import { desk, ivs } from "../wire/call";
import { useMay } from "../wire/may";
import type { Part } from "./channel";
import { type Channel, type IngestAddresses, type StreamKey, type StreamKeySummary, streamKeysOf } from "./channel-wire";

/** Stands where the key goes while nobody has asked for it. */
const HIDDEN = "STREAM_KEY";

export function Ingest({ channel, stream, again }: Part) {
  const mayList = useMay("ivs:ListStreamKeys", channel.arn);
  const mayAsk = useMay("rillcast:ReadIngestAddresses");
  const keys = useLoad(async () => (mayList ? streamKeysOf(channel.arn) : undefined), [channel.arn, mayList]);
  const addresses = useLoad(async () => (mayAsk ? desk<IngestAddresses>("GET", "ingest-addresses") : undefined), [mayAsk]);
  const [shown, setShown] = useState<StreamKey>();
  const value = shown?.value ?? HIDDEN;
  // Who may not ask for ports is told what the API tells: the host alone.
  const { rtmps, rtmp } = addresses.value ?? { rtmps: `rtmps://${channel.ingestEndpoint}:443/app/` };
  const server = rtmps ?? (channel.insecureIngest ? rtmp : undefined);
  return (
    <div class="columns">
      <div class="stack">
        <Card title="Servers">
          <Notice failure={addresses.failure} />
          <Facts
                long
            of={[
              ["RTMPS", rtmps ? <Paste text={rtmps} label="RTMPS address" /> : "This server does not listen for RTMPS."],
              ["RTMP, not encrypted", <Plain channel={channel} rtmp={rtmp} />],
            ]}
          />
        </Card>
        {server && <Recipes server={server} value={value} />}
      </div>
      <Keys channel={channel} keys={keys.value} failure={keys.failure} shown={shown} onShow={setShown} onAir={Boolean(stream)} mayList={mayList} again={() => {
        keys.again();
        again();
      }} />
    </div>
  );
}

function Plain({ channel, rtmp }: { channel: Channel; rtmp: string | undefined }) {
  if (!rtmp) return <>This server does not listen for RTMP.</>;
  if (!channel.insecureIngest) return <>Refused: insecure ingest is off in this channel's settings.</>;
  return <Paste text={rtmp} label="RTMP address" />;
}

/** For encoders that people use most. */
function Recipes({ server, value }: { server: string; value: string }) {
  const command = `ffmpeg -re -stream_loop -1 -i input.mp4 -c:v libx264 -preset veryfast -tune zerolatency -b:v 3000k -maxrate 3000k -bufsize 3000k -pix_fmt yuv420p -r 30 -g 60 -keyint_min 60 -sc_threshold 0 -bf 0 -c:a aac -b:a 128k -ar 48000 -f flv ${server}${value}`;
  return (
    <>
      <Card title="OBS Studio">
        <p>Settings → Stream: service “Custom…”, then</p>
        <Facts
                long
          of={[
            ["Server", <Paste text={server} label="server for OBS" />],
            ["Stream key", value === HIDDEN ? "Show the key to copy it." : <Paste text={value} label="stream key for OBS" />],
          ]}
        />
        <p>
          Settings → Output (advanced): rate control CBR, keyframe interval 2 s (1 s for the lowest latency), profile main or
          high, tune zerolatency, no B-frames, CPU preset veryfast. Audio AAC, 48 kHz.
        </p>
      </Card>
      <Card title="ffmpeg">
        <Paste text={command} label="ffmpeg command" />
      </Card>
    </>
  );
}

interface KeysProps {
  channel: Channel;
  keys: StreamKeySummary[] | undefined;
  failure: Parameters<typeof Notice>[0]["failure"];
  shown: StreamKey | undefined;
  onShow: (key: StreamKey | undefined) => void;
  onAir: boolean;
  mayList: boolean;
  again: () => void;
}

function Keys({ channel, keys, failure, shown, onShow, onAir, mayList, again }: KeysProps) {
  const mayCreate = useMay("ivs:CreateStreamKey", channel.arn);
  const create = async () => {
    const { streamKey } = await ivs<{ streamKey: StreamKey }>("CreateStreamKey", { channelArn: channel.arn });
    onShow(streamKey);
    again();
  };
  return (
    <Card title="Stream key">
      <Notice failure={failure} />
      {!mayList && <Empty>This key may not list stream keys (ivs:ListStreamKeys).</Empty>}
      {mayList && !keys && !failure && <Waiting />}
      {keys?.length === 0 && (
        <Empty>
          <p>The channel has no stream key, so nobody can send to it.</p>
          {mayCreate && <Button onPress={create}>Create stream key</Button>}
        </Empty>
      )}
      {keys?.map((key) => (
        <OneKey key={key.arn} summary={key} channel={channel} shown={shown} onShow={onShow} onAir={onAir} mayCreate={mayCreate} create={create} />
      ))}
    </Card>
  );
}

interface OneKeyProps extends Pick<KeysProps, "channel" | "shown" | "onShow" | "onAir"> {
  summary: StreamKeySummary;
  mayCreate: boolean;
  create: () => Promise<void>;
}

function OneKey({ summary, channel, shown, onShow, onAir, mayCreate, create }: OneKeyProps) {
  const maySee = useMay("ivs:GetStreamKey", summary.arn);
  const mayDelete = useMay("ivs:DeleteStreamKey", summary.arn);
  const own = shown?.arn === summary.arn ? shown : undefined;
  const show = async () => onShow((await ivs<{ streamKey: StreamKey }>("GetStreamKey", { arn: summary.arn })).streamKey);
  const reset = async () => {
    // A channel has one key: the old one goes first.
    await ivs("DeleteStreamKey", { arn: summary.arn });
    onShow(undefined);
    await create();
  };
  return (
    <div class="stack">
      <Facts
        of={[
          ["Key", own ? <Paste text={own.value} label="stream key" /> : <code aria-label="hidden">••••••••••••••••</code>],
          ["Id", <code>{idOf(summary.arn)}</code>],
        ]}
      />
      <div class="acts">
        {maySee &&
          (own ? <Button onPress={() => onShow(undefined)}>Hide key</Button> : <Button onPress={show}>Show key</Button>)}
        {mayCreate && mayDelete && (
          <Destroy
            label="Reset key"
            confirm="Reset now"
            question={`Whoever sends to ${channel.name || "this channel"} needs the new key from then on; the old one is refused.${onAir ? " The stream that is on air goes on until its encoder disconnects, or you stop it." : ""}`}
            act={reset}
          />
        )}
      </div>
      {!maySee && (
        <p>
          <small>This access key may not see stream keys (ivs:GetStreamKey).</small>
        </p>
      )}
    </div>
  );
}

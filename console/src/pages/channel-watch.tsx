// What a channel shows now: the picture as viewers have it, and the facts of the stream; how to show it elsewhere.
// Promise: a private or restricted channel is watched by a pass that the server gives to this key, renewed when playing
// starts anew.
import { useEffect, useState } from "preact/hooks";
import { Badge, Card, Empty, Facts, Notice, Paste, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { Player } from "../ui/player";
import { href } from "../ui/route";
import { bitrate, idOf, moment, span } from "../ui/words";
import { useMay, useMayYet } from "../wire/may";
import { samplesOfChannel } from "../wire/samples";
import type { Part } from "./channel";
import { type Channel, here, type Stream, watchPass } from "./channel-wire";

type Source = (() => Promise<string>) | string;

/** Where this key may watch the channel: `null` where it may not, `undefined` until that is known. */
export function useSource(channel: Channel): Source | null | undefined {
  const may = useMayYet("rillcast:WatchChannel", channel.arn);
  if (may) return async () => here((await watchPass(channel.arn)).playbackUrl);
  // A restriction policy is then told of by its refusal, if it refuses.
  if (!channel.authorized) return may === undefined ? undefined : here(channel.playbackUrl);
  return may === undefined ? undefined : null;
}

export function Watch({ channel, stream }: Part) {
  const source = useSource(channel);
  return (
    <div class="columns">
      <Card title="Picture">
        {source === undefined ? (
          <Waiting />
        ) : source ? (
          <Player src={source} name={channel.arn} label={`Live video of ${channel.name || idOf(channel.arn)}`} />
        ) : (
          <Empty>This channel is private, and this key may not watch it (rillcast:WatchChannel).</Empty>
        )}
      </Card>
      <div class="stack">
        <Now channel={channel} stream={stream} />
        <Elsewhere channel={channel} />
      </div>
    </div>
  );
}

function Now({ channel, stream }: { channel: Channel; stream: Stream | null | undefined }) {
  if (stream === undefined) return null;
  if (stream === null) {
    return (
      <Card title="Stream">
        <p>
          Nothing is on air. <a href={href(`/channels/${idOf(channel.arn)}?tab=ingest`)}>Where encoders send to</a>
        </p>
      </Card>
    );
  }
  return (
    <Card title="Stream">
      <Facts
        of={[
          ["Health", <Badge kind={stream.health === "HEALTHY" ? "good" : stream.health === "STARVING" ? "bad" : "note"}>{stream.health}</Badge>],
          ["Viewers", <span class="viewers">{stream.viewerCount}</span>],
          ["Bitrate", <Bits arn={channel.arn} />],
          ["On air for", <Since start={stream.startTime} />],
          ["Since", moment(stream.startTime)],
          ["Session", <a href={href(`/channels/${idOf(channel.arn)}/sessions/${stream.streamId}`)}>{stream.streamId}</a>],
        ]}
      />
      {stream.health === "STARVING" && (
        <Notice kind="warn">Less comes in than the encoder announced. Look at its line and its load; the health tab shows since when.</Notice>
      )}
    </Card>
  );
}

/** Longer than one sample takes, and as short as "now" can be. */
const LATELY_MS = 60_000;

/** What came in lately. */
function Bits({ arn }: { arn: string }) {
  const may = useMay("rillcast:ReadStreamSamples", arn);
  const load = async () => {
    if (!may) return undefined;
    return newest((await samplesOfChannel({ channel: arn, from: Date.now() - LATELY_MS, points: 100 })).bitrate);
  };
  const { value } = useLoad(load, [arn, may], 5_000);
  return <span>{bitrate(value)}</span>;
}

const newest = (line: readonly unknown[] | undefined): number | undefined => line?.filter((one) => typeof one === "number").at(-1) as number | undefined;

function Since({ start }: { start: string }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return <span class="num">{span((now - new Date(start).getTime()) / 1_000)}</span>;
}

/** Addresses for players and pages. */
function Elsewhere({ channel }: { channel: Channel }) {
  const watch = `${new URL(channel.playbackUrl).origin}/watch/${idOf(channel.arn)}`;
  const token = channel.authorized ? "?token=TOKEN" : "";
  const frame = `<iframe src="${watch}?embed=1${channel.authorized ? "&token=TOKEN" : ""}" width="640" height="360" allow="autoplay; fullscreen" title="${channel.name || "Live"}"></iframe>`;
  return (
    <Card title="Show it elsewhere">
      <Facts
                long
        of={[
          ["Playback URL, for players", <Paste text={channel.playbackUrl + token} label="playback URL" />],
          [
            "Watch page",
            <>
              <Paste text={watch + token} label="address of the watch page" />{" "}
              {!channel.authorized && (
                <a href={here(watch)} target="_blank" rel="noreferrer">
                  Open
                </a>
              )}
            </>,
          ],
          ["In a page of yours", <Paste text={frame} label="iframe" />],
        ]}
      />
      {channel.authorized && (
        <p>
          <small>
            TOKEN is a viewer's playback token; <a href={href(`/channels/${idOf(channel.arn)}?tab=access`)}>sign one here</a> to try.
          </small>
        </p>
      )}
    </Card>
  );
}

// What a channel is set to: its configuration and its tags.
// Promise: a live channel's form says beforehand what the API would answer.
import { useState } from "preact/hooks";
import { Card, Facts, Notice, Paste } from "../ui/kit";
import { Tags } from "../ui/tags";
import { useMay } from "../wire/may";
import type { Part } from "./channel";
import { ChannelForm } from "./channel-form";
import type { Channel } from "./channel-wire";

/** Tags that mean something here. */
const KNOWN = [
  ["rillcast:chat-room", "The id of the room that the watch page shows beside the picture"],
  ["rillcast:dvr", "How far viewers may go back, such as 2h"],
] as const;

export function Settings({ channel, stream, again }: Part) {
  const may = useMay("ivs:UpdateChannel", channel.arn);
  const [saved, setSaved] = useState(0);
  const done = () => {
    setSaved((count) => count + 1);
    again();
  };
  return (
    <div class="columns">
      <Card title="Configuration">
        {may ? (
          <>
            {stream && (
              <Notice kind="warn">The channel is live: the API refuses changes (ConflictException) until the stream has ended.</Notice>
            )}
            {saved > 0 && <Notice kind="good">Saved. It holds from the next stream on.</Notice>}
            {/* With what was saved the form begins anew. */}
            <ChannelForm key={JSON.stringify(channel)} channel={channel} onDone={done} />
          </>
        ) : (
          <Read channel={channel} />
        )}
      </Card>
      <div class="stack">
        <Card title="Names">
          <Facts of={[["ARN", <Paste text={channel.arn} label="ARN" />]]} />
        </Card>
        <Tags of={channel} known={KNOWN} again={again} />
      </div>
    </div>
  );
}

/** The same as facts, for keys that only read. */
function Read({ channel }: { channel: Channel }) {
  const yes = (is: boolean) => (is ? "Yes" : "No");
  const multitrack = channel.multitrackInputConfiguration;
  return (
    <Facts
      of={[
        ["Name", channel.name || "–"],
        ["Type", channel.type],
        ...(channel.preset ? ([["Transcode preset", channel.preset]] as [string, string][]) : []),
        ["Latency", channel.latencyMode],
        ["Container", channel.containerFormat],
        ["Private", yes(channel.authorized)],
        ["Insecure ingest", yes(channel.insecureIngest)],
        ["Multitrack video", multitrack?.enabled ? `${multitrack.policy}, up to ${multitrack.maximumResolution}` : "No"],
        ["Recording configuration", channel.recordingConfigurationArn || "Not recorded"],
        ["Playback restriction policy", channel.playbackRestrictionPolicyArn || "No restriction"],
      ]}
    />
  );
}

// What a channel is set to: its configuration and its tags.
// Promise: a live channel's form says beforehand what the API would answer.
import { useState } from "preact/hooks";
import { Button, Card, Facts, Field, Form, Notice, Paste } from "../ui/kit";
import { useMay } from "../wire/may";
import type { Part } from "./channel";
import { ChannelForm } from "./channel-form";
import { type Channel, dropTag, setTag } from "./channel-wire";

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
        <Tags channel={channel} again={again} />
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

function Tags({ channel, again }: { channel: Channel; again: () => void }) {
  const maySet = useMay("ivs:TagResource", channel.arn);
  const mayDrop = useMay("ivs:UntagResource", channel.arn);
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const set = async () => {
    await setTag(channel.arn, name, value);
    setName("");
    setValue("");
    again();
  };
  const tags = Object.entries(channel.tags ?? {});
  return (
    <Card title="Tags">
      {tags.length === 0 && <p class="faint">None.</p>}
      {tags.map(([tag, value]) => (
        <div key={tag} class="row">
          <span class="grow">
            <code>{tag}</code> = <code>{value}</code>
          </span>
          {mayDrop && (
            <Button
              small
              aria-label={`Remove tag ${tag}`}
              onPress={async () => {
                await dropTag(channel.arn, tag);
                again();
              }}
            >
              Remove
            </Button>
          )}
        </div>
      ))}
      {maySet && (
        <Form label="Add a tag">
          <Field label="Key" name="tags" help="Of use here: rillcast:chat-room names the room that the watch page shows, rillcast:dvr how far viewers may go back, such as 2h.">
            <input value={name} maxLength={128} list="known-tags" autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
          </Field>
          <datalist id="known-tags">
            <option value="rillcast:chat-room" />
            <option value="rillcast:dvr" />
          </datalist>
          <Field label="Value">
            <input value={value} maxLength={256} autoComplete="off" onInput={({ currentTarget: { value } }) => setValue(value)} />
          </Field>
          <div class="acts">
            <Button type="submit" disabled={!name} onPress={set}>
              Add tag
            </Button>
          </div>
        </Form>
      )}
    </Card>
  );
}

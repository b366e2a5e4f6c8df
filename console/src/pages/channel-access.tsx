// Who may watch a channel: private or public, key pairs, tokens, revocation, restriction policies.
// Promise: what was changed here is what the API says afterwards; nothing of a private key leaves the page.
import { useState } from "preact/hooks";
import { Button, Card, Field, Form, Notice } from "../ui/kit";
import { href } from "../ui/route";
import { idOf } from "../ui/words";
import { ivs } from "../wire/call";
import { useMay } from "../wire/may";
import type { Part } from "./channel";
import { KeyPairs } from "./channel-keys";
import { Restriction } from "./channel-restriction";
import { SignToken } from "./channel-sign";

export function Access(part: Part) {
  const { channel } = part;
  return (
    <div class="columns">
      <div class="stack">
        <Private {...part} />
        {channel.authorized && <SignToken channel={channel} />}
        <Restriction {...part} />
      </div>
      <div class="stack">
        <KeyPairs />
        {channel.authorized && <Revoke {...part} />}
      </div>
    </div>
  );
}

function Private({ channel, stream, again }: Part) {
  const may = useMay("ivs:UpdateChannel", channel.arn);
  const turn = async () => {
    await ivs("UpdateChannel", { arn: channel.arn, authorized: !channel.authorized });
    again();
  };
  return (
    <Card title={channel.authorized ? "Private" : "Public"}>
      <p>
        {channel.authorized
          ? "Only viewers with a playback token that your server signed may watch. This console watches by a pass of the server's own."
          : "Whoever has the address may watch."}{" "}
        <a href={href(`/channels/${idOf(channel.arn)}`)}>Watch</a>
      </p>
      {may && (
        <div class="acts">
          <Button disabled={Boolean(stream)} onPress={turn}>
            {channel.authorized ? "Make public" : "Make private"}
          </Button>
          {stream && <span class="faint">Not while the channel is live: the API would answer with a conflict.</span>}
        </div>
      )}
    </Card>
  );
}

function Revoke({ channel }: Part) {
  const may = useMay("ivs:StartViewerSessionRevocation", channel.arn);
  const [viewer, setViewer] = useState("");
  const [version, setVersion] = useState("");
  const [done, setDone] = useState<string>();
  if (!may) return null;
  const revoke = async () => {
    setDone(undefined);
    const upTo = version === "" ? {} : { viewerSessionVersionsLessThanOrEqualTo: Number(version) };
    await ivs("StartViewerSessionRevocation", { channelArn: channel.arn, viewerId: viewer, ...upTo });
    setDone(`Within a second, ${viewer} sees nothing more by tokens of version ${version || "0"} or less.`);
  };
  return (
    <Card title="End a viewer's session">
      <Form label="End a viewer's session">
        <Field label="Viewer id" name="viewerId" help="As in the token's aws:viewer-id. A pass of this console has the access key's id.">
          <input value={viewer} maxLength={40} required autoComplete="off" onInput={({ currentTarget: { value } }) => setViewer(value)} />
        </Field>
        <Field label="Up to session version" name="viewerSessionVersionsLessThanOrEqualTo" help="Empty: 0, which is what tokens without a version have.">
          <input type="number" value={version} onInput={({ currentTarget: { value } }) => setVersion(value)} />
        </Field>
        <div class="acts">
          <Button type="submit" kind="danger" disabled={!viewer} onPress={revoke}>
            Revoke
          </Button>
        </div>
        {done && <Notice kind="good">{done}</Notice>}
      </Form>
    </Card>
  );
}

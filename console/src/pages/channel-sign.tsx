// Signs a playback token to try a private channel with.
// Promise: each claim that the service knows can be said, and what comes out is what a server would sign.
import { useEffect, useState } from "preact/hooks";
import { Button, Card, Facts, Field, Form, Notice, Paste } from "../ui/kit";
import { idOf } from "../ui/words";
import { canSign, type Claims, readPrivateKey, sign, uuid } from "./channel-token";
import { type Channel, here } from "./channel-wire";

/** Seconds that a token with a viewer or for one use may be good for at most. */
const SHORT_S = 600;

export function SignToken({ channel }: { channel: Channel }) {
  const [pem, setPem] = useState("");
  const [minutes, setMinutes] = useState("10");
  const [viewer, setViewer] = useState("");
  const [version, setVersion] = useState("");
  const [once, setOnce] = useState(false);
  const [origins, setOrigins] = useState("");
  const [strict, setStrict] = useState(false);
  const [cap, setCap] = useState("");
  const [token, setToken] = useState<string>();
  const seconds = Math.round(Number(minutes) * 60);
  const isBound = Boolean(viewer) || once;

  // A token says what stood in the form when it was signed.
  useEffect(() => setToken(undefined), [pem, minutes, viewer, version, once, origins, strict, cap]);

  if (!canSign()) {
    return (
      <Card title="Sign a playback token">
        <Notice kind="note">This browser signs only on pages that came over TLS. On the command line:</Notice>
        <Paste text={`rillcast token --channel ${channel.arn} --key private.pem --url ${new URL(channel.playbackUrl).origin}`} label="command" />
      </Card>
    );
  }
  const make = async () => {
    const key = await readPrivateKey(pem);
    const claims: Claims = { "aws:channel-arn": channel.arn, exp: Math.floor(Date.now() / 1_000) + seconds };
    if (viewer) claims["aws:viewer-id"] = viewer;
    if (viewer && version) claims["aws:viewer-session-version"] = Number(version);
    if (once) claims["aws:single-use-uuid"] = uuid();
    if (origins.trim()) claims["aws:access-control-allow-origin"] = origins.split(/[\s,]+/).filter(Boolean).join(",");
    if (strict) claims["aws:strict-origin-enforcement"] = true;
    if (cap) claims["aws:maximum-resolution"] = cap;
    setToken(await sign(key, claims));
  };
  return (
    <Card title="Sign a playback token">
      <p>
        To try it. In production your own server signs; see the guide on <a href="/docs/guide/private-channels.html" target="_blank">private channels</a>.
      </p>
      <Form label="Sign a playback token">
        <Field label="Private key, in PEM" help="Stays in this page.">
          <textarea value={pem} rows={3} spellcheck={false} autoComplete="off" placeholder="-----BEGIN PRIVATE KEY-----" onInput={({ currentTarget: { value } }) => setPem(value)} />
        </Field>
        <Field label="or its file">
          <input type="file" accept=".pem,.key" onChange={({ currentTarget: { files } }) => void files?.[0]?.text().then(setPem)} />
        </Field>
        <div class="grid">
          <Field label="Good for (minutes)" help="To begin to watch; who watches goes on." fault={isBound && seconds > SHORT_S ? "Ten minutes at most with a viewer id or for one use." : undefined}>
            <input type="number" min="0.1" step="any" required value={minutes} onInput={({ currentTarget: { value } }) => setMinutes(value)} />
          </Field>
          <Field label="Largest rendition">
            <select value={cap} onChange={({ currentTarget: { value } }) => setCap(value)}>
              <option value="">All</option>
              <option value="FULL_HD">Full HD</option>
              <option value="HD">HD</option>
              <option value="SD">SD</option>
            </select>
          </Field>
          <Field label="Viewer id" help="So that the session can be revoked.">
            <input value={viewer} maxLength={40} autoComplete="off" onInput={({ currentTarget: { value } }) => setViewer(value)} />
          </Field>
          <Field label="Session version" help="Of the viewer; 0 when empty.">
            <input type="number" step="1" value={version} disabled={!viewer} onInput={({ currentTarget: { value } }) => setVersion(value)} />
          </Field>
        </div>
        <Field label="Pages that may play" help="Origins such as https://example.com, separated by commas. Empty: all.">
          <input value={origins} autoComplete="off" onInput={({ currentTarget: { value } }) => setOrigins(value)} />
        </Field>
        <Field label="Refuse requests that tell no such origin (strict)">
          <input type="checkbox" checked={strict} onChange={({ currentTarget: { checked } }) => setStrict(checked)} />
        </Field>
        <Field label="For one use">
          <input type="checkbox" checked={once} onChange={({ currentTarget: { checked } }) => setOnce(checked)} />
        </Field>
        <div class="acts">
          <Button type="submit" kind="main" disabled={!pem.trim() || !(seconds > 0)} onPress={make}>
            Sign
          </Button>
        </div>
      </Form>
      {token && <Signed channel={channel} token={token} />}
    </Card>
  );
}

function Signed({ channel, token }: { channel: Channel; token: string }) {
  const watch = `${new URL(channel.playbackUrl).origin}/watch/${idOf(channel.arn)}?token=${token}`;
  return (
    <div class="signed">
      <Facts
                long
        of={[
          ["Token", <Paste text={token} label="token" />],
          ["Playback URL", <Paste text={`${channel.playbackUrl}?token=${token}`} label="playback URL with the token" />],
          [
            "Watch page",
            <a href={here(watch)} target="_blank" rel="noreferrer">
              Open the watch page with this token
            </a>,
          ],
        ]}
      />
    </div>
  );
}

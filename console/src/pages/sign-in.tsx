// The door: an access key, tried before it is kept.
// Promise: a key that the server does not take is not kept; each refusal says at its field what to do.
import { useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { Field, Notice } from "../ui/kit";
import { asFailure } from "../ui/load";
import { desk, type Failure } from "../wire/call";
import { forgetMay } from "../wire/may";
import { holdKey, type Identity } from "../wire/session";

type Part = "id" | "secret" | "region" | "all";

/** What keys sign for here, as the server wrote it into its page. */
const homeRegion = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name="rillcast-region"]')?.content || "us-east-1";

/** Where a refusal belongs, and what to do about it. */
function advice({ code, message }: Failure): [Part, string] {
  if (code === "Unreachable") return ["all", message];
  if (code === "UnrecognizedClientException") {
    return ["id", "No active key has this id here. “rillcast keys list” on the server shows those that there are."];
  }
  const region = /valid region: '([\w-]+)'/.exec(message)?.[1];
  if (region) return ["region", `This server signs for ${region}.`];
  if (/^Signature (expired|not yet current)/.test(message)) {
    return ["all", `The clocks of this machine and of the server are too far apart. Set them, then sign in again. (${message})`];
  }
  if (code === "InvalidSignatureException") {
    return ["secret", "The secret does not belong to this key id. It can't be shown again: if it is lost, make a new key."];
  }
  return ["all", message];
}

export function SignIn({ onEnter, why }: { onEnter: (who: Identity) => void; why?: string | undefined }) {
  const [id, setId] = useState("");
  const [secret, setSecret] = useState("");
  const [region, setRegion] = useState(homeRegion);
  const [busy, setBusy] = useState(false);
  const [[part, words], setFault] = useState<[Part | undefined, string]>([undefined, ""]);
  const enter = async () => {
    const key = { id: id.trim(), secret: secret.trim(), region: region.trim() };
    setBusy(true);
    setFault([undefined, ""]);
    try {
      const who = await desk<Identity>("POST", "whoami", { body: {}, key });
      holdKey(key);
      forgetMay();
      onEnter(who);
    } catch (error) {
      setFault(advice(asFailure(error)));
      setBusy(false);
    }
  };
  const at = (field: Part) => (part === field ? words : undefined);
  return (
    <main class="door">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <h1 class="brand">
          <Icon name="brand" /> Rillcast
        </h1>
        <p>Sign in with an access key. It stays in this tab; requests are signed with it here.</p>
        {why && !part && <Notice kind="note">{why}</Notice>}
        {part === "all" && <Notice>{words}</Notice>}
        <Field label="Access key id" fault={at("id")}>
          <input required autofocus autocomplete="username" spellcheck={false} value={id} onInput={(event) => setId(event.currentTarget.value)} />
        </Field>
        <Field label="Secret access key" fault={at("secret")}>
          <input required type="password" autocomplete="current-password" value={secret} onInput={(event) => setSecret(event.currentTarget.value)} />
        </Field>
        <Field label="Region" fault={at("region")}>
          <input required spellcheck={false} value={region} onInput={(event) => setRegion(event.currentTarget.value)} />
        </Field>
        <button type="submit" class="button main" disabled={busy} aria-busy={busy}>
          Sign in
        </button>
        <p role="alert" class="unseen">
          {part && part !== "all" ? words : ""}
        </p>
        <p>
          <small>
            The first start wrote a key to <code>credentials</code> in the data folder; <code>rillcast keys create</code> makes more.
          </small>
        </p>
      </form>
      <footer>
        <a href="/docs/">Guide</a>
      </footer>
    </main>
  );
}

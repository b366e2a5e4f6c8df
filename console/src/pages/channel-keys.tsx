// Playback key pairs: which public keys are known, and how to make and import one.
// Promise: a private key that is made here is offered for download once, and sent nowhere.
import { useState } from "preact/hooks";
import { Button, Card, Destroy, Dialog, Field, Form, Notice, Paste, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { ivs } from "../wire/call";
import { useMay } from "../wire/may";
import { canSign, makePair } from "./channel-token";
import { all, type KeyPair, nameOf } from "./channel-wire";

/** The same by hand. */
const OPENSSL = "openssl ecparam -name secp384r1 -genkey -noout -out private.pem && openssl ec -in private.pem -pubout -out public.pem";

export function KeyPairs() {
  const mayList = useMay("ivs:ListPlaybackKeyPairs");
  const mayImport = useMay("ivs:ImportPlaybackKeyPair");
  const [asks, setAsks] = useState(false);
  const { value, failure, again } = useLoad(async () => (mayList ? all<KeyPair>("ListPlaybackKeyPairs", "keyPairs") : undefined), [mayList]);
  if (!mayList && !mayImport) return null;
  return (
    <Card title="Playback key pairs" acts={mayImport && <Button small onPress={() => setAsks(true)}>Add key pair</Button>}>
      <Notice failure={failure} />
      {mayList && !value && !failure && <Waiting />}
      {value?.length === 0 && <p class="faint">None: no token opens a private channel of this account.</p>}
      {value?.map((pair) => <Pair key={pair.arn} pair={pair} again={again} />)}
      {value && value.length > 0 && (
        <p>
          <small>Each opens all private channels of the account in this region.</small>
        </p>
      )}
      {asks && (
        <Dialog title="Add a playback key pair" onClose={() => setAsks(false)}>
          <Add
            onDone={() => {
              setAsks(false);
              again();
            }}
            onImport={again}
          />
        </Dialog>
      )}
    </Card>
  );
}

function Pair({ pair, again }: { pair: KeyPair; again: () => void }) {
  const mayDelete = useMay("ivs:DeletePlaybackKeyPair", pair.arn);
  const mayGet = useMay("ivs:GetPlaybackKeyPair", pair.arn);
  // A list does not tell fingerprints.
  const { value } = useLoad(async () => (mayGet ? (await ivs<{ keyPair: KeyPair }>("GetPlaybackKeyPair", { arn: pair.arn })).keyPair : undefined), [pair.arn, mayGet]);
  const remove = async () => {
    await ivs("DeletePlaybackKeyPair", { arn: pair.arn });
    again();
  };
  return (
    <div class="row">
      <div class="grow">
        <strong>{nameOf(pair)}</strong>
        {value?.fingerprint && (
          <p>
            <small>
              <code>{value.fingerprint}</code>
            </small>
          </p>
        )}
      </div>
      {mayDelete && (
        <Destroy
          small
          label="Delete"
          confirm="Delete key pair"
          question={`Tokens that were signed with ${nameOf(pair)} open nothing from then on, on all private channels of the account. Who is watching stays.`}
          act={remove}
        />
      )}
    </div>
  );
}

/** Makes a pair, or takes the public half of one. */
function Add({ onDone, onImport }: { onDone: () => void; onImport: () => void }) {
  const [name, setName] = useState("");
  const [material, setMaterial] = useState("");
  const [made, setMade] = useState<string>();
  const importIt = async (publicKeyMaterial: string) => {
    await ivs("ImportPlaybackKeyPair", { publicKeyMaterial, ...(name ? { name } : {}) });
    onImport();
  };
  const make = async () => {
    const { publicKey, privateKey } = await makePair();
    await importIt(publicKey);
    setMade(privateKey);
  };
  if (made) return <Keep privateKey={made} name={name} onDone={onDone} />;
  return (
    <Form label="Add a playback key pair">
      <Field label="Name" name="name">
        <input value={name} maxLength={128} autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
      </Field>
      <fieldset>
        <legend>Make one here</legend>
        {canSign() ? (
          <>
            <p>The browser makes the pair, the server gets the public half, and you save the private one.</p>
            <div class="acts">
              <Button kind="main" onPress={make}>
                Make key pair
              </Button>
            </div>
          </>
        ) : (
          <>
            <Notice kind="note">This browser makes keys only on pages that came over TLS. By hand:</Notice>
            <Paste text={OPENSSL} label="openssl commands" />
          </>
        )}
      </fieldset>
      <fieldset>
        <legend>Import a public key</legend>
        <Field label="Public key, in PEM" name="publicKeyMaterial">
          <textarea value={material} rows={5} spellcheck={false} placeholder="-----BEGIN PUBLIC KEY-----" onInput={({ currentTarget: { value } }) => setMaterial(value)} />
        </Field>
        <div class="acts">
          <Button
            type="submit"
            disabled={!material.trim()}
            onPress={async () => {
              await importIt(material.trim());
              onDone();
            }}
          >
            Import
          </Button>
        </div>
      </fieldset>
    </Form>
  );
}

function Keep({ privateKey, name, onDone }: { privateKey: string; name: string; onDone: () => void }) {
  const [saved, setSaved] = useState(false);
  const file = `${name || "playback"}-private.pem`;
  return (
    <div class="stack">
      <Notice kind="warn">This is the only time that the private key is there. Save it where your server signs tokens.</Notice>
      <div class="acts">
        <a class="button main" href={`data:application/x-pem-file,${encodeURIComponent(privateKey)}`} download={file} onClick={() => setSaved(true)}>
          Download {file}
        </a>
        <Button disabled={!saved} onPress={onDone}>
          Done
        </Button>
      </div>
    </div>
  );
}

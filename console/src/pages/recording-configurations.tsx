// Recording configurations: where streams are recorded to, what of them, and why one could not be created.
// Promise: what is shown is what the API says; the reason of a failure is the server's own.
import { useState } from "preact/hooks";
import { Badge, Button, type Column, Destroy, Dialog, Empty, Field, Form, Notice, Table } from "../ui/kit";
import { useLoad } from "../ui/load";
import { idOf, NONE } from "../ui/words";
import { desk, every, ivs } from "../wire/call";
import { useMay } from "../wire/may";

interface Summary {
  arn: string;
  name?: string;
  state: "CREATING" | "CREATE_FAILED" | "ACTIVE";
  destinationConfiguration: { s3?: { bucketName: string } };
}

interface Failed {
  arn: string;
  reason: string;
}

const EVERY_MS = 5_000;

async function all(mayReasons: boolean, signal: AbortSignal) {
  const [configurations, failed] = await Promise.all([
    every(async (nextToken) => {
      const page = await ivs<{ recordingConfigurations: Summary[]; nextToken?: string }>("ListRecordingConfigurations", { maxResults: 100, ...(nextToken ? { nextToken } : {}) }, signal);
      return { items: page.recordingConfigurations, ...(page.nextToken ? { nextToken: page.nextToken } : {}) };
    }),
    mayReasons ? desk<{ recordingConfigurations: Failed[] }>("GET", "recording-configuration-reasons", { signal }) : { recordingConfigurations: [] },
  ]);
  const reasons = new Map(failed.recordingConfigurations.map(({ arn, reason }) => [arn, reason]));
  return configurations.map((one) => ({ ...one, reason: reasons.get(one.arn) }));
}

type Listed = Summary & { reason: string | undefined };

export function RecordingConfigurations() {
  const mayReasons = useMay("rillcast:ListRecordingConfigurationReasons");
  const mayCreate = useMay("ivs:CreateRecordingConfiguration");
  const mayDelete = useMay("ivs:DeleteRecordingConfiguration");
  const [isMaking, setMaking] = useState(false);
  const { value, failure, again } = useLoad((signal) => all(mayReasons, signal), [mayReasons], EVERY_MS);
  const columns: Column<Listed>[] = [
    { title: "Name", kind: "wide", width: 9, sort: (one) => one.name ?? "", cell: (one) => one.name || idOf(one.arn) },
    { title: "State", width: 7, sort: (one) => one.state, cell: (one) => <State state={one.state} /> },
    { title: "Bucket", width: 12, sort: (one) => one.destinationConfiguration.s3?.bucketName ?? "", cell: (one) => one.destinationConfiguration.s3?.bucketName ?? NONE },
    { title: "Id", kind: "aside", width: 10, cell: (one) => <code>{idOf(one.arn)}</code> },
    ...(mayDelete
      ? [
          {
            title: "Delete",
            width: 7.5,
            cell: (one: Listed) => (
              <Destroy
                small
                label="Delete"
                question={
                  <>
                    Delete recording configuration <b>{one.name || idOf(one.arn)}</b>? What was recorded stays in its bucket. A channel that uses it must be given another one first.
                  </>
                }
                act={async () => {
                  await ivs("DeleteRecordingConfiguration", { arn: one.arn });
                  again();
                }}
              />
            ),
          },
        ]
      : []),
  ];
  const failed = value?.filter((one) => one.state === "CREATE_FAILED") ?? [];
  return (
    <>
      <div class="row">
        {mayCreate && (
          <Button kind="main" onPress={() => setMaking(true)}>
            Create recording configuration
          </Button>
        )}
        <span class="faint">Choose one in a channel's settings to have its streams recorded.</span>
      </div>
      <Notice failure={failure} />
      {failed.map((one) => (
        <Notice key={one.arn} kind="bad">
          {one.name || idOf(one.arn)} could not be created: {one.reason ?? "this key may not read why (rillcast:ListRecordingConfigurationReasons)"}. Delete it, see to the bucket, and create it again.
        </Notice>
      ))}
      {value?.length === 0 && <Empty>There is no recording configuration yet.</Empty>}
      {value && value.length > 0 && <Table name="Recording configurations" columns={columns} rows={value} idOf={({ arn }) => arn} />}
      {isMaking && (
        <Dialog title="Create recording configuration" onClose={() => setMaking(false)}>
          <Making
            onDone={() => {
              setMaking(false);
              again();
            }}
            onCancel={() => setMaking(false)}
          />
        </Dialog>
      )}
    </>
  );
}

function State({ state }: { state: Summary["state"] }) {
  if (state === "ACTIVE") return <Badge kind="good">Active</Badge>;
  return state === "CREATING" ? <Badge kind="note">Creating</Badge> : <Badge kind="bad">Failed</Badge>;
}

const RESOLUTIONS: readonly [string, string][] = [
  ["FULL_HD", "1080p"],
  ["HD", "720p"],
  ["SD", "480p"],
  ["LOWEST_RESOLUTION", "Lowest"],
];

function Making({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const [name, setName] = useState("");
  const [bucket, setBucket] = useState("");
  const [window, setWindow] = useState("0");
  const [selection, setSelection] = useState("ALL");
  const [picked, setPicked] = useState<string[]>(["HD"]);
  const [mode, setMode] = useState("INTERVAL");
  const [interval, setInterval] = useState("60");
  const [resolution, setResolution] = useState("");
  const [storage, setStorage] = useState<string[]>(["SEQUENTIAL"]);
  const toggle = (list: string[], one: string) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);
  const create = async () => {
    await ivs("CreateRecordingConfiguration", {
      ...(name ? { name } : {}),
      destinationConfiguration: { s3: { bucketName: bucket.trim() } },
      recordingReconnectWindowSeconds: Number(window),
      renditionConfiguration: { renditionSelection: selection, ...(selection === "CUSTOM" ? { renditions: picked } : {}) },
      thumbnailConfiguration:
        mode === "DISABLED"
          ? { recordingMode: mode }
          : { recordingMode: mode, targetIntervalSeconds: Number(interval), storage, ...(resolution ? { resolution } : {}) },
    });
    onDone();
  };
  return (
    <Form label="Recording configuration">
      <Field label="Name" name="name" help="Letters, digits, - and _; may be left out.">
        <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </Field>
      <Field label="Bucket" name="destinationConfiguration" help="On disk it is made when it is missing; in S3 it must exist, and this server must be allowed to write to it.">
        <input required value={bucket} onInput={({ currentTarget }) => setBucket(currentTarget.value)} />
      </Field>
      <Field label="Renditions" name="renditionConfiguration">
        <select value={selection} onChange={({ currentTarget }) => setSelection(currentTarget.value)}>
          <option value="ALL">All</option>
          <option value="CUSTOM">Some</option>
          <option value="NONE">None: thumbnails only</option>
        </select>
      </Field>
      {selection === "CUSTOM" && (
        <fieldset>
          <legend>Which renditions</legend>
          {RESOLUTIONS.map(([value, title]) => (
            <Field key={value} label={title}>
              <input type="checkbox" checked={picked.includes(value)} onChange={() => setPicked(toggle(picked, value))} />
            </Field>
          ))}
        </fieldset>
      )}
      <Field label="Thumbnails" name="thumbnailConfiguration">
        <select value={mode} onChange={({ currentTarget }) => setMode(currentTarget.value)}>
          <option value="INTERVAL">At an interval</option>
          <option value="DISABLED">None</option>
        </select>
      </Field>
      {mode === "INTERVAL" && (
        <>
          <Field label="Seconds between thumbnails" name="targetIntervalSeconds">
            <input type="number" min="1" max="60" required value={interval} onInput={({ currentTarget }) => setInterval(currentTarget.value)} />
          </Field>
          <Field label="Size of thumbnails">
            <select value={resolution} onChange={({ currentTarget }) => setResolution(currentTarget.value)}>
              <option value="">As the source</option>
              {RESOLUTIONS.map(([value, title]) => (
                <option key={value} value={value}>
                  {title}
                </option>
              ))}
            </select>
          </Field>
          <fieldset>
            <legend>Keep of the thumbnails</legend>
            <Field label="All, numbered">
              <input type="checkbox" checked={storage.includes("SEQUENTIAL")} onChange={() => setStorage(toggle(storage, "SEQUENTIAL"))} />
            </Field>
            <Field label="The newest one">
              <input type="checkbox" checked={storage.includes("LATEST")} onChange={() => setStorage(toggle(storage, "LATEST"))} />
            </Field>
          </fieldset>
        </>
      )}
      <Field label="Reconnect window in seconds" name="recordingReconnectWindowSeconds" help="A stream that begins within this time of the last one's end goes on in the same recording; 0: never.">
        <input type="number" min="0" max="300" required value={window} onInput={({ currentTarget }) => setWindow(currentTarget.value)} />
      </Field>
      <div class="acts">
        <Button onPress={onCancel}>Cancel</Button>
        <Button kind="main" type="submit" onPress={create}>
          Create
        </Button>
      </div>
    </Form>
  );
}

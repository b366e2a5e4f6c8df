// Logging configurations: where chat rooms' messages are kept, and whether that works.
// Promise: a state that needs somebody says what to do.
import { useState } from "preact/hooks";
import { Badge, Button, Card, type Column, Destroy, Dialog, Empty, Field, Form, Notice, Table, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { moment } from "../ui/words";
import { ivschat } from "../wire/call";
import { useMay } from "../wire/may";
import { destinationOf, type Logging, loggings } from "./room-wire";

const LOOK_MS = 5_000;

export function Loggings() {
  const list = useLoad(loggings, [], LOOK_MS);
  const mayCreate = useMay("ivschat:CreateLoggingConfiguration");
  const [isMaking, setMaking] = useState(false);
  if (list.failure && !list.value) return <Notice failure={list.failure} />;
  if (!list.value) return <Waiting />;
  const columns: Column<Logging>[] = [
    { title: "Name", kind: "wide", width: 9, sort: ({ name, id }) => name || id, cell: ({ name, id }) => name || id },
    { title: "State", width: 8, sort: ({ state }) => state, cell: (one) => <LoggingState of={one} /> },
    { title: "Destination", kind: "aside", width: 16, cell: destinationOf },
    { title: "Made", kind: "aside", width: 12, sort: ({ createTime }) => Date.parse(createTime), cell: ({ createTime }) => moment(createTime) },
    { title: "Delete", width: 6.5, cell: (one) => <Delete of={one} again={list.again} /> },
  ];
  const failed = list.value.filter(({ state }) => state.endsWith("_FAILED"));
  return (
    <>
      {mayCreate && (
        <div class="acts">
          <Button onPress={() => setMaking(true)}>Create logging configuration</Button>
        </div>
      )}
      {failed.length > 0 && (
        <Notice kind="warn">
          {failed.map(({ name, id }) => name || id).join(", ")}: the destination could not be written to. See that it exists and that the server's credentials
          may write there, then delete the configuration and create it anew.
        </Notice>
      )}
      {list.value.length === 0 ? (
        <Empty>
          <p>Messages are logged nowhere.</p>
          <p>A logging configuration names a bucket, a log group or a delivery stream; rooms are attached to it in their settings.</p>
        </Empty>
      ) : (
        <Table name="Logging configurations" columns={columns} rows={list.value} idOf={({ arn }) => arn} />
      )}
      {isMaking && (
        <Dialog title="Create logging configuration" onClose={() => setMaking(false)}>
          <LoggingForm
            onDone={() => {
              setMaking(false);
              list.again();
            }}
          />
        </Dialog>
      )}
    </>
  );
}

/** The state of one, as a badge. */
export const LoggingState = ({ of: { state } }: { of: Logging }) => (
  <Badge kind={state === "ACTIVE" ? "good" : state.endsWith("_FAILED") ? "bad" : "warn"}>{state}</Badge>
);

function Delete({ of, again }: { of: Logging; again: () => void }) {
  const may = useMay("ivschat:DeleteLoggingConfiguration", of.arn);
  if (!may) return null;
  return (
    <Destroy
      small
      label="Delete"
      question={`Rooms are not logged to ${of.name || of.id} any more. What it holds stays where it is.`}
      act={async () => {
        await ivschat("DeleteLoggingConfiguration", { identifier: of.arn });
        again();
      }}
    />
  );
}

const KINDS = [
  ["s3", "S3 bucket (or folder of the server)", "bucketName"],
  ["cloudWatchLogs", "CloudWatch log group", "logGroupName"],
  ["firehose", "Firehose delivery stream", "deliveryStreamName"],
] as const;

function LoggingForm({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<string>("s3");
  const [place, setPlace] = useState("");
  const chosen = KINDS.find(([key]) => key === kind) ?? KINDS[0];
  const submit = async () => {
    await ivschat("CreateLoggingConfiguration", { name, destinationConfiguration: { [chosen[0]]: { [chosen[2]]: place } } });
    onDone();
  };
  return (
    <Form label="New logging configuration">
      <Field label="Name" name="name">
        <input value={name} maxLength={128} autoComplete="off" onInput={({ currentTarget: { value } }) => setName(value)} />
      </Field>
      <Field label="Kind of destination">
        <select value={kind} onChange={({ currentTarget: { value } }) => setKind(value)}>
          {KINDS.map(([key, title]) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
      </Field>
      <Field label={chosen[1]} name="destinationConfiguration" help="It is tried at once; the state says what came of it.">
        <input required value={place} autoComplete="off" onInput={({ currentTarget: { value } }) => setPlace(value)} />
      </Field>
      <div class="acts">
        <Button kind="main" type="submit" onPress={submit}>
          Create
        </Button>
      </div>
    </Form>
  );
}

/** Where one room is logged to. */
export function LoggedTo({ arns }: { arns: readonly string[] }) {
  const may = useMay("ivschat:ListLoggingConfigurations");
  const list = useLoad(async () => (may ? loggings() : []), [may, arns.join()], LOOK_MS * 2);
  return (
    <Card title="Logged to">
      {arns.length === 0 && <p class="faint">Nowhere. Attach a logging configuration in the settings.</p>}
      {arns.map((arn) => {
        const one = list.value?.find((known) => known.arn === arn);
        return (
          <p key={arn}>
            {one ? (
              <>
                {one.name || one.id}: {destinationOf(one)} <LoggingState of={one} />
              </>
            ) : (
              <code>{arn}</code>
            )}
          </p>
        );
      })}
    </Card>
  );
}

// Access keys: who may call this server, and what each may do.
// Promise: a secret is shown once, when its key is made; what the signed-in key may not do is not offered.
import { useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { Badge, Button, type Column, Head, Notice, Table, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { NONE } from "../ui/words";
import { useMay } from "../wire/may";
import { KeyDialog } from "./key-dialog";
import { NewKey } from "./key-new";
import { type AccessKey, keys, policyName } from "./key-wire";

const when = (at: number): string => new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export default function Keys(_: { names: Record<string, string> }) {
  const mayList = useMay("rillcast:ListAccessKeys");
  const mayCreate = useMay("rillcast:CreateAccessKey");
  const { value, failure, again } = useLoad(async (signal) => keys(signal), [], 30_000);
  const [isMaking, setMaking] = useState(false);
  const [opened, setOpened] = useState<string>();
  const key = value?.find(({ accessKeyId }) => accessKeyId === opened);
  const columns: Column<AccessKey>[] = [
    {
      title: "Name",
      kind: "wide",
      width: 9,
      sort: ({ name, accessKeyId }) => name || accessKeyId,
      cell: ({ name, accessKeyId, own }) => (
        <>
          <button type="button" class="button quiet small" onClick={() => setOpened(accessKeyId)}>
            {name || "Without a name"}
          </button>
          {own && <Badge>This one</Badge>}
        </>
      ),
    },
    { title: "Access key id", kind: "aside", width: 14, sort: ({ accessKeyId }) => accessKeyId, cell: ({ accessKeyId }) => <code>{accessKeyId}</code> },
    { title: "State", width: 7, sort: ({ active }) => (active ? 0 : 1), cell: ({ active }) => <Badge kind={active ? "good" : "note"}>{active ? "Active" : "Disabled"}</Badge> },
    { title: "May do", width: 8, sort: policyName, cell: policyName },
    { title: "Created", kind: "aside", width: 11.5, sort: ({ created }) => created, cell: ({ created }) => when(created) },
    { title: "Last used", kind: "aside", width: 11.5, sort: ({ lastUsed }) => lastUsed ?? 0, cell: ({ lastUsed }) => (lastUsed ? when(lastUsed) : NONE) },
  ];
  return (
    <>
      <Head title="Access keys" said={value ? String(value.length) : ""}>
        {mayCreate && (
          <Button kind="main" onPress={() => setMaking(true)}>
            <Icon name="plus" /> Create access key
          </Button>
        )}
      </Head>
      <Notice failure={failure} />
      {!value && !failure && <Waiting />}
      {value && <Table name="Access keys" columns={columns} rows={value} idOf={({ accessKeyId }) => accessKeyId} label={({ name, accessKeyId }) => name || accessKeyId} />}
      {value && (
        <p>
          <small>
            Keys sign the calls of SDKs, the AWS CLI, Terraform and this console. “Last used” is what this server has seen since it started. Changes are good at
            once, at all servers.
          </small>
        </p>
      )}
      {isMaking && <NewKey onClose={() => setMaking(false)} onMade={mayList ? again : () => undefined} />}
      {key && <KeyDialog key={key.accessKeyId} of={key} onChange={again} onClose={() => setOpened(undefined)} />}
    </>
  );
}

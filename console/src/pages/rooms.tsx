// Chat rooms: all of the account's, and where their messages are logged.
// Promise: thousands of them can be found and sorted; a key that may not create is offered no button.
import { useMemo, useState } from "preact/hooks";
import { Badge, Button, type Column, Dialog, Empty, Head, Notice, Table, Tabs, Waiting } from "../ui/kit";
import { Icon } from "../ui/icons";
import { useLoad } from "../ui/load";
import { go, href } from "../ui/route";
import { moment } from "../ui/words";
import { useMay } from "../wire/may";
import { RoomForm } from "./room-form";
import { Loggings } from "./room-logging";
import { type Room, rooms } from "./room-wire";

const TABS = [
  ["rooms", "Rooms"],
  ["logging", "Logging configurations"],
] as const;

export default function Rooms(_: { names: Record<string, string> }) {
  const [tab, setTab] = useState<(typeof TABS)[number][0]>("rooms");
  const mayCreate = useMay("ivschat:CreateRoom");
  const [isMaking, setMaking] = useState(false);
  return (
    <>
      <Head title="Chat rooms">
        {mayCreate && (
          <Button kind="main" onPress={() => setMaking(true)}>
            Create room
          </Button>
        )}
      </Head>
      <Tabs of={TABS} at={tab} onPick={setTab} />
      {tab === "rooms" ? <All /> : <Loggings />}
      {isMaking && (
        <Dialog title="Create room" onClose={() => setMaking(false)}>
          <RoomForm onDone={({ id }) => go(`/rooms/${id}`)} />
        </Dialog>
      )}
    </>
  );
}

function All() {
  const list = useLoad(rooms, []);
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const found = useMemo(
    () => list.value?.filter(({ name, id }) => name.toLowerCase().includes(wanted) || id.toLowerCase().includes(wanted)),
    [list.value, wanted],
  );
  if (list.failure && !list.value) return <Notice failure={list.failure} />;
  if (!found || !list.value) return <Waiting />;
  if (list.value.length === 0) {
    return (
      <Empty>
        <p>There is no chat room yet.</p>
        <p>
          A channel whose tag <code>rillcast:chat-room</code> names a room shows its chat on the watch page.
        </p>
      </Empty>
    );
  }
  return (
    <>
      <div class="row">
        <label class="search">
          <Icon name="search" />
          <span class="unseen">Find a room by name or id</span>
          <input type="search" placeholder="Name or id" value={text} onInput={({ currentTarget: { value } }) => setText(value)} />
        </label>
        <span class="faint">
          {found.length} of {list.value.length}
        </span>
      </div>
      <Table name="Chat rooms" columns={COLUMNS} rows={found} idOf={({ arn }) => arn} none="No room is called so." />
    </>
  );
}

const COLUMNS: Column<Room>[] = [
  {
    title: "Name",
    kind: "wide",
    width: 11,
    sort: ({ name, id }) => name || id,
    cell: ({ name, id }) => <a href={href(`/rooms/${id}`)}>{name || id}</a>,
  },
  { title: "Extensions", width: 9, cell: ({ tags }) => <Extensions tags={tags ?? {}} /> },
  {
    title: "Review",
    kind: "aside",
    width: 8,
    cell: ({ messageReviewHandler }) =>
      messageReviewHandler?.uri ? <Badge>{`else ${messageReviewHandler.fallbackResult ?? "ALLOW"}`}</Badge> : <span class="faint">none</span>,
  },
  {
    title: "Logged to",
    kind: "aside",
    width: 7,
    sort: ({ loggingConfigurationIdentifiers }) => loggingConfigurationIdentifiers?.length ?? 0,
    cell: ({ loggingConfigurationIdentifiers }) => String(loggingConfigurationIdentifiers?.length || "nowhere"),
  },
  { title: "Changed", kind: "aside", width: 12, sort: ({ updateTime }) => Date.parse(updateTime), cell: ({ updateTime }) => moment(updateTime) },
];

function Extensions({ tags }: { tags: Record<string, string> }) {
  const on = Object.keys(tags).filter((tag) => tag.startsWith("rillcast:"));
  return <span class="faint">{on.map((tag) => tag.slice("rillcast:".length)).join(", ") || "none"}</span>;
}

// One chat room: what is said in it and by whom, how it fares, what it is set to.
// Promise: each part has an address of its own; what a key may not do is not offered.
import { useState } from "preact/hooks";
import { Destroy, Head, Notice, Tabs, Waiting } from "../ui/kit";
import { useLoad } from "../ui/load";
import { go, href } from "../ui/route";
import { useArn } from "../wire/arn";
import { ivschat } from "../wire/call";
import { useMay } from "../wire/may";
import { Health, useSamples } from "./room-health";
import { Live } from "./room-live";
import { Settings } from "./room-settings";
import { TestToken } from "./room-token";
import { type Room as OneRoom, stats } from "./room-wire";

const TABS = [
  ["live", "Live"],
  ["health", "Rates and review"],
  ["settings", "Settings"],
  ["token", "Test token"],
] as const;
type Tab = (typeof TABS)[number][0];

const ROOM_MS = 15_000;
const STATS_MS = 2_000;

const tabHere = (): Tab => {
  const named = new URLSearchParams(location.search).get("tab");
  return TABS.find(([tab]) => tab === named)?.[0] ?? "live";
};

export default function Room({ names }: { names: Record<string, string> }) {
  const id = names["room"] ?? "";
  const arn = useArn("room", id);
  const room = useLoad(async () => (arn ? ivschat<OneRoom>("GetRoom", { identifier: arn }) : undefined), [arn], ROOM_MS);
  if (!room.value || !arn) {
    return (
      <>
        <Head title="Chat room" back={[href("/rooms"), "Chat rooms"]} />
        {room.failure ? <Notice failure={room.failure} /> : <Waiting />}
      </>
    );
  }
  return <Found room={room.value} again={room.again} />;
}

function Found({ room, again }: { room: OneRoom; again: () => void }) {
  const [tab, setTab] = useState(tabHere);
  const mayRead = useMay("rillcast:ReadRoomStats", room.arn);
  const mayDelete = useMay("ivschat:DeleteRoom", room.arn);
  const mayToken = useMay("ivschat:CreateChatToken", room.arn);
  const now = useLoad(async (signal) => (mayRead ? stats(room.arn, signal) : undefined), [mayRead, room.arn], STATS_MS);
  const samples = useSamples(now.value);
  const pick = (tab: Tab) => {
    setTab(tab);
    history.replaceState(null, "", `${href(`/rooms/${room.id}`)}?tab=${tab}`);
  };
  const here = now.value?.room;
  const said = here ? `${here.users} here, on ${here.connections} connections` : mayRead && now.value ? "Nobody is here" : undefined;
  return (
    <>
      <Head title={room.name || room.id} back={[href("/rooms"), "Chat rooms"]} said={said}>
        {mayDelete && (
          <Destroy
            label="Delete room"
            question="Everybody in it can send nothing any more, and its bans and mutes are gone for good."
            act={async () => {
              await ivschat("DeleteRoom", { identifier: room.arn });
              go("/rooms");
            }}
          />
        )}
      </Head>
      <Tabs of={TABS.filter(([name]) => name !== "token" || mayToken)} at={tab} onPick={pick} />
      {tab === "live" && <Live room={room} stats={now.value} mayStats={mayRead} again={now.again} />}
      {tab === "health" && (mayRead ? <Health room={room} now={now} samples={samples} /> : <Notice kind="note">This key may not read how rooms fare (rillcast:ReadRoomStats).</Notice>)}
      {tab === "settings" && <Settings room={room} again={again} />}
      {tab === "token" && mayToken && <TestToken room={room} />}
    </>
  );
}

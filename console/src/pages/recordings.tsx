// What was recorded, and by which recording configurations.
// Promise: which of the two, and whose recordings, stands in the address.
import { Head, Notice, Tabs } from "../ui/kit";
import { go, href, usePlace } from "../ui/route";
import { idOf } from "../ui/words";
import { useMay } from "../wire/may";
import { RecordingConfigurations } from "./recording-configurations";
import { RecordingList } from "./recording-list";

const TABS = [
  ["recordings", "Recordings"],
  ["configurations", "Recording configurations"],
] as const;

export default function Recordings(_: { names: Record<string, string> }) {
  usePlace();
  const asked = new URLSearchParams(location.search);
  const tab = asked.get("tab") === "configurations" ? "configurations" : "recordings";
  const [channel, stream] = [asked.get("channel") ?? undefined, asked.get("stream") ?? undefined];
  const mayList = useMay("rillcast:ListRecordings", channel);
  return (
    <>
      <Head title="Recordings" />
      <Tabs of={TABS} at={tab} onPick={(tab) => go(tab === "recordings" ? "/recordings" : `/recordings?tab=${tab}`)} />
      {tab === "recordings" && (channel || stream) && (
        <p>
          Only of {stream ? <>stream <code>{stream}</code></> : <>channel <code>{idOf(channel ?? "")}</code></>}. <a href={href("/recordings")}>Show all</a>
        </p>
      )}
      {tab === "configurations" ? <RecordingConfigurations /> : mayList ? <RecordingList channel={channel} stream={stream} /> : <Notice kind="note">This key may not list recordings (rillcast:ListRecordings).</Notice>}
    </>
  );
}

// Events: as they come, and where they are delivered.
// Promise: tabs have addresses; what the key may not see has no tab.
import { useState } from "preact/hooks";
import { Empty, Head, Tabs } from "../ui/kit";
import { useMay } from "../wire/may";
import { EventFeed } from "./events-feed";
import { Sinks } from "./events-sinks";

type Tab = "feed" | "sinks";

export default function Events(_: { names: Record<string, string> }) {
  const mayRead = useMay("rillcast:ReadEvents");
  const mayList = useMay("rillcast:ListEventSinks");
  const [picked, setPicked] = useState<Tab | undefined>(new URLSearchParams(location.search).get("tab") === "sinks" ? "sinks" : undefined);
  const tabs: [Tab, string][] = [];
  if (mayRead) tabs.push(["feed", "As they come"]);
  if (mayList) tabs.push(["sinks", "Sinks and dead letters"]);
  const at = tabs.find(([tab]) => tab === picked)?.[0] ?? tabs[0]?.[0];
  const pick = (tab: Tab) => {
    history.replaceState(null, "", tab === "sinks" ? "?tab=sinks" : location.pathname);
    setPicked(tab);
  };
  return (
    <>
      <Head title="Events" />
      {at ? <Tabs of={tabs} at={at} onPick={pick} /> : <Empty>Your access key may neither read events nor list sinks.</Empty>}
      {at === "feed" && <EventFeed />}
      {at === "sinks" && <Sinks />}
    </>
  );
}

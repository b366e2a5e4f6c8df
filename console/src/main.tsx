// The console: who is signed in, where they are, and the page for it.
// Promise: a page is fetched when it is first looked at; one that fails takes nothing else with it.
import { type ComponentType, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { SignIn } from "./pages/sign-in";
import { Guard } from "./ui/guard";
import { Waiting } from "./ui/kit";
import { wearKept } from "./ui/look";
import { catchLinks, match, usePlace } from "./ui/route";
import { Shell } from "./ui/shell";
import { desk } from "./wire/call";
import { dropKey, heldKey, type Identity } from "./wire/session";
import "./console.css";
import "./ui/player.css";
import "./ui/chart.css";
import "./ui/timeline.css";
import "./pages/logs.css";
import "./pages/quotas.css";
import "./pages/recording.css";
import "./chat/chat.css";

type Page = ComponentType<{ names: Record<string, string> }>;

/** All places, and where their pages come from. */
const PAGES: [pattern: string, load: () => Promise<{ default: Page }>][] = [
  ["/", () => import("./pages/overview")],
  ["/channels", () => import("./pages/channels")],
  ["/channels/:channel", () => import("./pages/channel")],
  ["/channels/:channel/sessions/:stream", () => import("./pages/session")],
  ["/recordings", () => import("./pages/recordings")],
  ["/recordings/:recording", () => import("./pages/recording")],
  ["/rooms", () => import("./pages/rooms")],
  ["/rooms/:room", () => import("./pages/room")],
  ["/keys", () => import("./pages/keys")],
  ["/events", () => import("./pages/events")],
  ["/quotas", () => import("./pages/quotas")],
  ["/logs", () => import("./pages/logs")],
  ["/doctor", () => import("./pages/doctor")],
];

function Here() {
  const here = usePlace();
  const [shown, setShown] = useState<{ place: string; page: Page; names: Record<string, string> }>();
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    let wanted = true;
    const found = PAGES.flatMap(([pattern, load]) => {
      const names = match(pattern, here);
      return names ? [{ names, load }] : [];
    })[0];
    setTrouble(found ? undefined : "There is no such page.");
    found?.load().then(
      (module) => wanted && setShown({ place: here, page: module.default, names: found.names }),
      () => wanted && setTrouble("This page can't be fetched. Load the console again: the server is away, or was renewed meanwhile."),
    );
    return () => {
      wanted = false;
    };
  }, [here]);
  useEffect(() => {
    // Who goes elsewhere by the keyboard or by ear goes on from there.
    if (shown && walked) document.getElementById("page")?.focus({ preventScroll: true });
    walked ||= Boolean(shown);
  }, [shown?.place]);
  if (trouble) {
    return (
      <>
        <h1>Not here</h1>
        <p class="notice bad" role="alert">{trouble}</p>
      </>
    );
  }
  if (!shown) return <Waiting />;
  return (
    <Guard key={shown.place}>
      <shown.page names={shown.names} />
    </Guard>
  );
}

/** Has somebody moved since the console was opened? */
let walked = false;

function Console() {
  const [who, setWho] = useState<Identity>();
  const [why, setWhy] = useState<string>();
  const [ready, setReady] = useState(!heldKey());
  useEffect(() => {
    if (heldKey()) {
      desk<Identity>("POST", "whoami", { body: {} })
        .then(setWho, (error: Error) => setWhy(error.message))
        .finally(() => setReady(true));
    }
    const out = (event: Event) => {
      setWhy((event as CustomEvent<string>).detail);
      setWho(undefined);
    };
    window.addEventListener("rillcast-signed-out", out);
    document.addEventListener("click", catchLinks);
    return () => {
      window.removeEventListener("rillcast-signed-out", out);
      document.removeEventListener("click", catchLinks);
    };
  }, []);
  if (!ready) return <Waiting />;
  if (!who) return <SignIn onEnter={setWho} why={why} />;
  const leave = () => {
    dropKey();
    setWhy(undefined);
    setWho(undefined);
  };
  return (
    <Shell who={who} onLeave={leave}>
      <Here />
    </Shell>
  );
}

wearKept();
const root = document.getElementById("console");
if (root) render(<Console />, root);

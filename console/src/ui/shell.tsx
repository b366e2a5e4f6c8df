// The frame around each page: where one can go, and who is signed in.
// Promise: the place one is at is marked; the first stop of the keyboard leads past the links; places that the key
// may not look at are not offered.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useMay } from "../wire/may";
import type { Identity } from "../wire/session";
import { Icon, type IconName } from "./icons";
import { useLook } from "./look";
import { href, usePlace } from "./route";

/** A place: what it is called, and what its page asks for, any of which makes it worth going to. */
type Place = [to: string, title: string, icon: IconName, actions: [string, string]];

const MEDIA: Place[] = [
  ["/channels", "Channels", "channels", ["ivs:ListChannels", "ivs:GetChannel"]],
  ["/recordings", "Recordings", "recordings", ["rillcast:ListRecordings", "ivs:ListRecordingConfigurations"]],
  ["/rooms", "Chat rooms", "rooms", ["ivschat:ListRooms", "ivschat:ListLoggingConfigurations"]],
];
const SERVER: Place[] = [
  ["/events", "Events", "events", ["rillcast:ReadEvents", "rillcast:ListEventSinks"]],
  ["/keys", "Access keys", "keys", ["rillcast:ListAccessKeys", "rillcast:CreateAccessKey"]],
  ["/quotas", "Quotas", "quotas", ["rillcast:ListQuotas", "rillcast:ListQuotas"]],
  ["/logs", "Server log", "logs", ["rillcast:ReadServerLog", "rillcast:ReadServerLog"]],
  ["/doctor", "Doctor", "doctor", ["rillcast:RunDoctor", "rillcast:RunDoctor"]],
];

export function Shell({ who, onLeave, children }: { who: Identity; onLeave: () => void; children: ComponentChildren }) {
  const here = usePlace();
  const [isOpen, setOpen] = useState(false);
  const menu = useRef<HTMLButtonElement>(null);
  useEffect(() => setOpen(false), [here]);
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      menu.current?.focus();
    };
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [isOpen]);
  return (
    <div class="shell" data-menu={isOpen ? "open" : undefined}>
      <a
        class="skip"
        href="#page"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("page")?.focus();
        }}
      >
        Skip to the page
      </a>
      <div class="topbar">
        <Brand />
        <button ref={menu} type="button" class="button" aria-expanded={isOpen} aria-controls="places" onClick={() => setOpen(!isOpen)}>
          <Icon name={isOpen ? "close" : "menu"} /> Menu
        </button>
      </div>
      <nav id="places" class="side" aria-label="Console">
        <Brand />
        <ul>
          <Link to="/" title="Overview" icon="overview" here={here} />
        </ul>
        <Group title="Media" places={MEDIA} here={here} />
        <Group title="Server" places={SERVER} here={here} />
        <ul>
          <li>
            <a href="/docs/">
              <Icon name="docs" /> Guide
            </a>
          </li>
        </ul>
        <Foot who={who} onLeave={onLeave} />
      </nav>
      <main id="page" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

const Brand = () => (
  <a class="brand" href={href("/")}>
    <Icon name="brand" /> Rillcast
  </a>
);

function Group({ title, places, here }: { title: string; places: Place[]; here: string }) {
  const shown = useMays(places);
  if (shown.length === 0) return null;
  return (
    <>
      <p class="group">{title}</p>
      <ul>
        {shown.map(([to, title, icon]) => (
          <Link key={to} to={to} title={title} icon={icon} here={here} />
        ))}
      </ul>
    </>
  );
}

/** Those that there is something to see at. */
function useMays(places: Place[]): Place[] {
  // The list is the same each time, as hooks want it.
  return places.filter(([, , , [one, other]]) => {
    const [may, mayOther] = [useMay(one), useMay(other)];
    return may || mayOther;
  });
}

function Link({ to, title, icon, here }: { to: string; title: string; icon: IconName; here: string }) {
  const isHere = to === "/" ? here === "/" : here === to || here.startsWith(`${to}/`);
  return (
    <li>
      <a href={href(to)} aria-current={isHere ? "page" : undefined}>
        <Icon name={icon} /> {title}
      </a>
    </li>
  );
}

const LOOK = { system: "as the system", light: "light", dark: "dark" } as const;

function Foot({ who, onLeave }: { who: Identity; onLeave: () => void }) {
  const [look, turn] = useLook();
  return (
    <div class="foot">
      <div class="who">
        <b title={who.arn}>{who.name}</b>
        <span>
          {who.region} · {who.account}
        </span>
      </div>
      <div class="acts">
        <button type="button" class="button small" onClick={onLeave}>
          <Icon name="out" /> Sign out
        </button>
        <button type="button" class="button small" aria-label={`Colours: ${LOOK[look]}. Change`} title={`Colours: ${LOOK[look]}`} onClick={turn}>
          <Icon name={look === "light" ? "sun" : look === "dark" ? "moon" : "look"} />
        </button>
      </div>
    </div>
  );
}

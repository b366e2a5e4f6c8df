// The frame around each page: where one can go, and who is signed in.
// Promise: the place one is at is marked; the first stop of the keyboard leads past the links.
import type { ComponentChildren } from "preact";
import type { Identity } from "../wire/session";
import { href, usePlace } from "./route";

const PLACES: [string, string][] = [
  ["/", "Overview"],
  ["/channels", "Channels"],
  ["/recordings", "Recordings"],
  ["/rooms", "Chat rooms"],
  ["/events", "Events"],
  ["/keys", "Access keys"],
  ["/quotas", "Quotas"],
  ["/logs", "Server log"],
  ["/doctor", "Doctor"],
];

export function Shell({ who, onLeave, children }: { who: Identity; onLeave: () => void; children: ComponentChildren }) {
  const here = usePlace();
  const isHere = (to: string) => (to === "/" ? here === "/" : here === to || here.startsWith(`${to}/`));
  return (
    <div class="shell">
      <a class="skip" href="#page">
        Skip to the page
      </a>
      <nav aria-label="Console">
        <strong class="brand">Rillcast</strong>
        <ul>
          {PLACES.map(([to, title]) => (
            <li key={to}>
              <a href={href(to)} aria-current={isHere(to) ? "page" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
        <div class="who">
          <span title={who.arn}>{who.name}</span>
          <button type="button" class="button small" onClick={onLeave}>
            Sign out
          </button>
        </div>
      </nav>
      <main id="page" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

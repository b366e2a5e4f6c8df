// Where in the console somebody is: the address below /console, and how to go elsewhere.
// Promise: every place has an address that can be kept, sent and gone back to.
import { useEffect, useState } from "preact/hooks";

const BASE = "/console";

/** The place, such as `/channels/abc`; `/` is the overview. */
export const place = (): string => location.pathname.slice(BASE.length) || "/";

/** The address of a place. */
export const href = (to: string): string => BASE + (to === "/" ? "" : to);

/** Goes to a place, such as `/channels`. */
export function go(to: string): void {
  history.pushState(null, "", href(to));
  window.dispatchEvent(new PopStateEvent("popstate"));
  window.scrollTo(0, 0);
}

/** The place, as it changes. */
export function usePlace(): string {
  const [here, setHere] = useState(place() + location.search);
  useEffect(() => {
    const moved = () => setHere(place() + location.search);
    window.addEventListener("popstate", moved);
    return () => window.removeEventListener("popstate", moved);
  }, []);
  return here.split("?")[0] ?? "/";
}

/** Links within the console do not load it anew. */
export function catchLinks(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.target || link.origin !== location.origin || link.hasAttribute("download")) return;
  if (link.pathname !== BASE && !link.pathname.startsWith(`${BASE}/`)) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  window.dispatchEvent(new PopStateEvent("popstate"));
  window.scrollTo(0, 0);
}

/** The values of a pattern's holes (`/channels/:id`) in a place, or nothing. */
export function match(pattern: string, here: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split("/"), here.split("/")];
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [at, word] of wanted.entries()) {
    const value = given[at] ?? "";
    if (word.startsWith(":") && value) found[word.slice(1)] = decodeURIComponent(value);
    else if (word !== value) return undefined;
  }
  return found;
}

// What the signed-in key may do, as the server's own policies decide: buttons that would be refused are not shown.
// Promise: the answer is the server's; until it is there, nothing is offered.
import { useEffect, useState } from "preact/hooks";
import { desk } from "./call";

/** One thing somebody may or may not do. Without a resource: on `*`. */
export interface Wish {
  action: string;
  resource?: string;
}

const known = new Map<string, boolean>();
let waiting = new Map<string, { wish: Wish; then: ((may: boolean) => void)[] }>();

const nameOf = ({ action, resource }: Wish) => `${action} ${resource ?? "*"}`;

/** Asks for all wishes of one moment in one call. */
async function flush(): Promise<void> {
  const batch = [...waiting.values()];
  waiting = new Map();
  for (let at = 0; at < batch.length; at += 100) {
    const part = batch.slice(at, at + 100);
    const asks = part.map(({ wish }) => ({ action: wish.action, resource: wish.resource ?? "*" }));
    const { allowed } = await desk<{ allowed: boolean[] }>("POST", "whoami", { body: { asks } }).catch(() => ({
      allowed: [] as boolean[],
    }));
    part.forEach(({ wish, then }, place) => {
      const may = allowed[place] ?? false;
      known.set(nameOf(wish), may);
      then.forEach((tell) => tell(may));
    });
  }
}

function find(wish: Wish): Promise<boolean> {
  const name = nameOf(wish);
  const told = known.get(name);
  if (told !== undefined) return Promise.resolve(told);
  return new Promise((resolve) => {
    if (waiting.size === 0) queueMicrotask(() => void flush());
    const entry = waiting.get(name) ?? { wish, then: [] };
    entry.then.push(resolve);
    waiting.set(name, entry);
  });
}

/** Somebody else signs in. */
export function forgetMay(): void {
  known.clear();
}

/** May the signed-in key do this? False until it is known. */
export const useMay = (action: string, resource?: string): boolean => useMayYet(action, resource) ?? false;

/** The same, for who says that something is not allowed: `undefined` until it is known. */
export function useMayYet(action: string, resource?: string): boolean | undefined {
  const wish: Wish = { action, ...(resource ? { resource } : {}) };
  const [may, setMay] = useState(known.get(nameOf(wish)));
  useEffect(() => {
    let here = true;
    void find(wish).then((told) => here && setMay(told));
    return () => {
      here = false;
    };
  }, [action, resource]);
  return may;
}

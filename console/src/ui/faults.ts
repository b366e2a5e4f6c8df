// Which member of an input the server's refusal is about.
// Promise: a text that names no member stands at none.
import type { Failure } from "../wire/call";

// "Value '' at 'latencyMode' failed to satisfy constraint: …", of which there may be several, split by "; ".
const MODELLED = /at '([\w.\[\]]+)' failed to satisfy constraint: (.*?)(?=; (?:Value|\d+ validation)|$)/gs;
// "tags: key aws:x has the reserved prefix aws:"
const OWN = /^([\w.\[\]]+): (.+)$/s;

function faults({ message }: Failure): [path: string, words: string][] {
  const modelled = [...message.matchAll(MODELLED)].map(([, path = "", words = ""]): [string, string] => [path, words]);
  if (modelled.length) return modelled;
  const own = OWN.exec(message);
  return own ? [[own[1] ?? "", own[2] ?? ""]] : [];
}

/** What the server says of this member. */
export function faultsAt(failure: Failure, name: string): string | undefined {
  const about = faults(failure).filter(([path]) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`));
  return about.map(([, words]) => words).join(" ") || undefined;
}

// How a stream fared over time: a strip of healthy and starving, and how much of each.
// Promise: no colour says what no word says.
import type { Health, Samples } from "../wire/samples";
import { spellsOf } from "../wire/samples";
import { span } from "./words";

const WORDS: Record<Health, string> = { HEALTHY: "Healthy", STARVING: "Starving", UNKNOWN: "Not known yet" };

export function Spells({ samples, range }: { samples: Samples; range: readonly [number, number] }) {
  const [from, to] = range;
  const width = Math.max(1, to - from);
  const shown = spellsOf(samples).filter((spell) => spell.to > from && spell.from < to);
  const sums = new Map<Health, number>();
  for (const spell of shown) sums.set(spell.health, (sums.get(spell.health) ?? 0) + spell.to - spell.from);
  const all = [...sums.values()].reduce((sum, one) => sum + one, 0);
  if (!all) return null;
  const share = (part: number) => (part === all ? "all the time" : `${((part / all) * 100).toFixed(part / all < 0.1 ? 1 : 0)} %, ${span(part / 1000)}`);
  const told = [...sums].map(([health, part]): [Health, string] => [health, `${WORDS[health]} ${share(part)}`]);
  return (
    <div class="spells">
      <svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={`Health: ${told.map(([, words]) => words).join("; ")}`}>
        {shown.map((spell) => {
          const [start, end] = [Math.max(spell.from, from), Math.min(spell.to, to)];
          // A moment of starving is not lost among hours.
          const wide = Math.max(((end - start) / width) * 1000, spell.health === "STARVING" ? 3 : 0);
          return <rect key={spell.from} class={spell.health} x={((start - from) / width) * 1000} width={wide} y="0" height="10" />;
        })}
      </svg>
      <ul>
        {told.map(([health, words]) => (
          <li key={health}>
            <svg viewBox="0 0 10 10" aria-hidden="true">
              <rect class={health} width="10" height="10" />
            </svg>
            {words}
          </li>
        ))}
      </ul>
    </div>
  );
}

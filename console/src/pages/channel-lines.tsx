// Names and texts, one below another: for addresses and commands, which are long.
// Promise: a text to copy has all the width there is.
import type { ComponentChildren } from "preact";

export const Lines = ({ of }: { of: [name: string, value: ComponentChildren][] }) => (
  <dl class="facts" style={{ gridTemplateColumns: "minmax(0, 1fr)" }}>
    {of.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

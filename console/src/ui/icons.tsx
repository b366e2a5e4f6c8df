// Small pictures beside words, drawn for the console.
// Promise: they say nothing that the words do not: screen readers pass them by.

const DRAWN = {
  brand: ["M2.5 7c3 0 3-3 6-3s3 3 6 3 2-1.4 3-2", "M2.5 12c3 0 3-3 6-3s3 3 6 3 2-1.4 3-2", "M2.5 17c3 0 3-3 6-3s3 3 6 3 2-1.4 3-2"],
  overview: ["M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z"],
  channels: ["M10 10v6.5M7 16.5h6", "M7 11a4 4 0 1 1 6 0M4.9 13.1a7 7 0 1 1 10.2 0", "M10 8.4h.01"],
  recordings: ["M3 4.5h14v11H3zM7 4.5v11M13 4.5v11M3 8h4M3 12h4M13 8h4M13 12h4"],
  rooms: ["M3 4h14v9.5H9.5L6 16.5v-3H3z", "M6.5 7.5h7M6.5 10h4.5"],
  events: ["M11.5 2.5 4.5 11.5H10l-1.5 6 7-9H10z"],
  keys: ["M11 9.2a3.7 3.7 0 1 1 0 1.6zM11 10H2.5v3M5.5 10v2"],
  quotas: ["M3.5 15a7.5 7.5 0 1 1 13 0", "m10 12 3.2-4"],
  logs: ["M4 3h12v14H4zM7 7h6M7 10h6M7 13h3.5"],
  doctor: ["M3 10.5h3.2L8.3 5l3.4 10 2-4.5H17"],
  docs: ["M10 5.2C8.3 3.8 6 3.5 3 3.6v11.6c3-.1 5.3.2 7 1.6 1.7-1.4 4-1.7 7-1.6V3.6c-3-.1-5.3.2-7 1.6zM10 5.2v11.6"],
  out: ["M8 3.5H3.5v13H8M8.5 10h8.5M13.5 6.5 17 10l-3.5 3.5"],
  look: ["M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM10 3v14", "M12.5 4v12M15 6v8"],
  moon: ["M10 3a7 7 0 1 0 7 7 5.2 5.2 0 0 1-7-7z"],
  sun: ["M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z", "M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1"],
  menu: ["M3 5.5h14M3 10h14M3 14.5h14"],
  close: ["m5 5 10 10M15 5 5 15"],
  search: ["M8.8 3.5a5.3 5.3 0 1 1 0 10.6 5.3 5.3 0 0 1 0-10.6zM12.7 12.7l4 4"],
  plus: ["M10 4v12M4 10h12"],
  warn: ["M10 3 2.5 16.5h15zM10 8v4M10 14.4h.01"],
} as const;

export type IconName = keyof typeof DRAWN;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    {DRAWN[name].map((line) => (
      <path key={line} d={line} />
    ))}
  </svg>
);

// How figures and times are said.
// Promise: one way for each, everywhere; what is not known is a dash.

export const NONE = "–";

export const bitrate = (bits: number | undefined): string =>
  bits === undefined ? NONE : bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mb/s` : `${Math.round(bits / 1e3)} kb/s`;

export function bytes(count: number | undefined): string {
  if (count === undefined) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let size = count;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${at && size < 100 ? size.toFixed(1) : Math.round(size)} ${units[at]}`;
}

export function span(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return NONE;
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const two = (number: number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A moment, in this browser's zone. */
export const moment = (at: Date | string | number | undefined): string =>
  at === undefined ? NONE : new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The last part of an ARN. */
export const idOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

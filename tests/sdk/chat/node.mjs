// The seats in Node: a line of JSON in, a line of JSON out. Node 20 has no WebSocket of its own.

import readline from "node:readline";
import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket;
const { perform } = await import("./seats.mjs");

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await perform(JSON.parse(line)))}\n`);
}
process.exit(0);
